import FoundationEssentials

/// CloudWatch's nouns, and the one call on it: numbers that somebody may set an alarm on.
package enum CloudWatch {
    /// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
    package enum Unit: String, Sendable, Hashable {
        case seconds = "Seconds"
        case milliseconds = "Milliseconds"
        case bytes = "Bytes"
        case percent = "Percent"
        case count = "Count"
        case none = "None"
    }

    /// One number of one metric.
    package struct Datum: Sendable, Equatable {
        /// 1 to 255 characters of ASCII.
        package var name: String
        /// Finite.
        package var value: Double
        package var unit: Unit
        /// What tells this metric from others of its name, at most 30, names and values not empty: each other value is
        /// another metric, and paid for.
        package var dimensions: [String: String]
        /// When it was so; nil: when CloudWatch hears of it. At most two weeks ago.
        package var timestamp: Date?

        package init(
            _ name: String, _ value: Double, _ unit: Unit, dimensions: [String: String] = [:], timestamp: Date? = nil
        ) {
            precondition(!name.isEmpty && value.isFinite && dimensions.count <= 30)
            self.name = name
            self.value = value
            self.unit = unit
            self.dimensions = dimensions
            self.timestamp = timestamp
        }
    }
}

extension Operation where Output == Void {
    /// Hands over numbers, which are visible some minutes later.
    /// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
    ///
    /// Not repeated where its fate is open: a number that comes twice counts twice in `Sum` and `SampleCount`, while one that
    /// is missing is made good by the next. Throttled calls are repeated, as nothing was taken in then.
    ///
    /// - Parameters:
    ///   - namespace: 1 to 255 characters, which do not begin with `AWS/`.
    ///   - data: 1 to 1000.
    package static func putMetricData(namespace: String, _ data: [CloudWatch.Datum]) -> Operation {
        precondition(!namespace.isEmpty && (1...1000).contains(data.count))
        let parameters = data.enumerated().flatMap { $1.parameters("MetricData.member.\($0 + 1).") }
        return Operation(
            .cloudWatch, "PutMetricData", .query([Parameter("Namespace", namespace)] + parameters), isIdempotent: false
        ) { answer throws(XMLError) in
            try answer.expectRoot("PutMetricDataResponse")
        }
    }
}

extension CloudWatch.Datum {
    fileprivate func parameters(_ prefix: String) -> [Parameter] {
        var parameters = [
            Parameter(prefix + "MetricName", name), Parameter(prefix + "Value", "\(value)"),
            Parameter(prefix + "Unit", unit.rawValue),
        ]
        for (index, dimension) in dimensions.sorted(by: { $0.key < $1.key }).enumerated() {
            parameters.append(Parameter("\(prefix)Dimensions.member.\(index + 1).Name", dimension.key))
            parameters.append(Parameter("\(prefix)Dimensions.member.\(index + 1).Value", dimension.value))
        }
        if let timestamp { parameters.append(Parameter(prefix + "Timestamp", timestamp.formatted(.iso8601))) }
        return parameters
    }
}
