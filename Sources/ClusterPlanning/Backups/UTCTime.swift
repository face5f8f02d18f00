/// A moment as names and records have it: this module knows no clock and no calendar but this one.

/// A second in UTC.
package struct UTCTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Since 1970, without leap seconds.
    package var seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    /// Reads `20260131T120000Z` and `2026-01-31T12:00:00Z`, years 1970 to 9999.
    ///
    /// - Returns: nil of anything else, a thirteenth month too.
    package init?(_ text: some StringProtocol) {
        let isBasic = text.utf8.count == 16
        guard isBasic || text.utf8.count == 20 else { return nil }
        let pattern = isBasic ? "ddddddddTddddddZ" : "dddd-dd-ddTdd:dd:ddZ"
        var digits: [Int] = []
        for (byte, wanted) in zip(text.utf8, pattern.utf8) {
            if wanted == UInt8(ascii: "d") {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                digits.append(Int(byte - UInt8(ascii: "0")))
            } else if byte != wanted {
                return nil
            }
        }
        func number(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
        let (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
        let (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14))
        guard year >= 1970, (1...12).contains(month), hour < 24, minute < 60, second < 60 else { return nil }
        seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        // A day that its month does not have comes out as another day.
        guard Self.date(onDay: seconds / 86_400) == (year, month, day) else { return nil }
    }

    /// `20260131T120000Z`: ISO 8601's basic form, which no file system or URL minds.
    package var basic: String {
        let (year, month, day) = Self.date(onDay: seconds / 86_400)
        let rest = seconds % 86_400
        return
            "\(year)\(padded(month))\(padded(day))T\(padded(rest / 3600))\(padded(rest / 60 % 60))\(padded(rest % 60))Z"
    }

    /// `2026-01-31T12:00:00Z`
    package var description: String {
        let (year, month, day) = Self.date(onDay: seconds / 86_400)
        let rest = seconds % 86_400
        return
            "\(year)-\(padded(month))-\(padded(day))T\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\(padded(rest % 60))Z"
    }

    package static func < (left: Self, right: Self) -> Bool { left.seconds < right.seconds }

    // MARK: The calendar

    /// Days since 1970 by the Gregorian calendar. Years are counted from March, so that the leap day is the last one, and in
    /// eras of 400 years, after which everything repeats: 146,097 days.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = (year / 400, year % 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func date(onDay days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = (monthFromMarch + 2) % 12 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

private func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
