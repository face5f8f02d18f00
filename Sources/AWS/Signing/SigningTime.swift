import FoundationEssentials

/// A moment as signatures write it: ISO 8601 in UTC without punctuation, to the second.
package struct SigningTime: Sendable, Equatable {
    /// `YYYYMMDD`
    package let day: String
    /// `YYYYMMDDTHHMMSSZ`
    package let timestamp: String

    /// - Parameter date: years 0 to 9999; fractions of a second are dropped.
    package init(_ date: Date) {
        let seconds = Int(date.timeIntervalSince1970.rounded(.down))
        let (days, second) = seconds.quotientAndRemainderFloored(by: 86_400)
        let (year, month, dayOfMonth) = Self.civil(daysSince1970: days)
        day = Self.digits(year, 4) + Self.digits(month, 2) + Self.digits(dayOfMonth, 2)
        let time = Self.digits(second / 3600, 2) + Self.digits(second / 60 % 60, 2) + Self.digits(second % 60, 2)
        timestamp = "\(day)T\(time)Z"
    }

    /// Year, month and day of the Gregorian calendar. Years are counted from March, so that the leap day is a year's
    /// last, and in eras of 400 years, which all have 146,097 days; day 0 is 719,468 days after 1 March of year 0.
    private static func civil(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (days + 719_468).quotientAndRemainderFloored(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + 400 * era + (month <= 2 ? 1 : 0), month, day)
    }

    private static func digits(_ value: Int, _ count: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }
}

extension Int {
    /// Division whose remainder is never negative, for dates before 1970.
    fileprivate func quotientAndRemainderFloored(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
