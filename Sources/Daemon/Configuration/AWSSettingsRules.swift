/// What can be wrong with AWS's own variables, as far as it shows without asking anybody.

import AWS

extension Configuration {
    /// Looks at the variables that name AWS's endpoints and the metadata service. Without this check a slip in one of them
    /// would be waited for like an outage.
    ///
    /// - Returns: every mistake, each a sentence.
    func mistakesInAWSSettings() -> [String] {
        var mistakes: [String] = []
        do throws(EndpointError) {
            // Without a configured region any will do: what is looked at is the environment.
            _ = try Endpoints(region: Region(region ?? "us-east-1"), environment: environment.values)
        } catch {
            mistakes.append(error.description)
        }
        do throws(MetadataError) {
            let isSwitchedOff = try InstanceMetadata.endpoint(environment.values) == nil
            if isSwitchedOff, !missingOfIdentity.isEmpty {
                mistakes.append("AWS_EC2_METADATA_DISABLED: then set \(missingOfIdentity.joined(separator: ", ")) too")
            }
        } catch {
            mistakes.append(error.description)
        }
        return mistakes
    }

    /// The flags that were not set and for which the metadata service has to be asked.
    var missingOfIdentity: [String] {
        [("--instance-id", instanceID), ("--region", region), ("--address", address)]
            .filter { $0.1 == nil }.map(\.0)
    }
}
