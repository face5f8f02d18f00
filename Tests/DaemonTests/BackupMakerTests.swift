/// Backups of real etcds: whole, described and proven; and what keeps one from being made leaves nothing behind.

import AWS
import ClusterPlanning
import Etcd
import Foundation
import Glibc
import Supervision
import Synchronization
import Testing

@testable import Daemon

@Suite(.fewAtOnce) struct BackupMakerTests {
    private func origin(_ etcd: RealEtcd) async throws -> BackupMaker.Origin {
        try await BackupMaker.Origin(etcd, voters: [etcd.name])
    }

    /// What an object is, by etcd's own program.
    private func status(of bytes: [UInt8], _ stand: BackupStand) async throws -> SnapshotStatus {
        let file = stand.place["object-\(UUID().uuidString).db"]
        try Data(bytes).write(to: URL(filePath: file))
        return try await stand.tools.verify(file)
    }

    @Test func aBackupIsVerifiedDescribedAndProven() async throws {
        let stand = try BackupStand()
        try await withEtcd { etcd in
            try await etcd.writeHistory()
            let before = try await etcd.client.status()
            let made = try await stand.maker.make(of: try await origin(etcd), in: stand.store)
            let backup = made.backup
            #expect(!made.isOld && backup.isProven)
            #expect(backup.generation == 2 && backup.cluster == ClusterID(before.clusterID))
            #expect(backup.revision == UInt64(before.revision))
            #expect(abs(backup.time.seconds - secondsNow()) < 300)
            #expect(stand.puts.map(\.name) == [backup.name, backup.descriptionName, backup.proofName])
            let object = try #require(stand.objects[backup.name])
            #expect(backup.size == object.count)
            let status = try await status(of: object, stand)
            #expect(status.revision == before.revision)

            let description = try #require(try await stand.store.description(of: backup))
            #expect(description.hash == status.hash && description.size == status.totalSize)
            #expect(description.keys == 250 && description.compactRevision == 400)
            let hash = try await stand.tools.hashKV(
                of: etcd.clientURL.description, revision: before.revision, databaseBytes: 1 << 20)
            #expect(description.keysHash == hash.hash)
            #expect(description.generation == 2 && description.revision == backup.revision)
            #expect(description.cluster == "\(backup.cluster)" && description.time == "\(backup.time)")
            #expect(description.etcdVersion == "\(before.version)")
            #expect(description.voters == ["i-0a"] && description.takenFrom == "i-0a" && description.takenBy == "i-0a")
            let note = try JSONDecoder().decode(
                BackupProofNote.self, from: Data(try #require(stand.objects[backup.proofName])))
            #expect(note.revision == before.revision && note.keys == 250 && note.provenBy == "i-0a")
            #expect(note.isHashCompared)
            #expect(try await stand.store.list() == BackupsSeen([backup]))
        }
        #expect(stand.isTidy)
        #expect(stand.writes.text.contains("msg=\"backup made\""))
        #expect(stand.writes.text.contains("msg=\"backup proven\""))
    }

    @Test func whatHasNotChangedIsNotUploadedAgain() async throws {
        let stand = try BackupStand(["--prove-backups=false"])
        try await withEtcd { etcd in
            _ = try await stand.keeper.seen(for: "main")
            let first = try await stand.maker.make(of: try await origin(etcd), in: stand.store)
            #expect(!first.isOld && !first.backup.isProven)
            #expect(stand.puts.map(\.name) == [first.backup.name, first.backup.descriptionName])
            let again = try await stand.maker.make(of: try await origin(etcd), in: stand.store)
            #expect(again.isOld && again.backup == first.backup)
            // The same revision of another life is another thing.
            var other = try await origin(etcd)
            other.generation = 3
            #expect(try await !stand.maker.make(of: other, in: stand.store).isOld)
            try await etcd.write(1)
            let last = try await stand.maker.make(of: try await origin(etcd), in: stand.store)
            #expect(!last.isOld && last.backup.revision == first.backup.revision + 1)
            #expect(stand.puts.count == 6)
        }
    }

    @Test func aCompressedBackupIsTheSameSnapshot() async throws {
        let stand = try BackupStand(["--compress-backups"])
        try await withEtcd { etcd in
            try await etcd.write(50)
            let backup = try await stand.maker.make(of: try await origin(etcd), in: stand.store).backup
            #expect(backup.isCompressed && backup.name.hasSuffix(".db.gz") && backup.isProven)
            let object = try #require(stand.objects[backup.name])
            let description = try #require(try await stand.store.description(of: backup))
            #expect(backup.size == object.count && Int64(object.count) < description.size)
            try Data(object).write(to: URL(filePath: stand.place["o.db.gz"]))
            let file = try await Gzip(stand.configuration, Built.spawner).decompress(stand.place["o.db.gz"])
            let status = try await stand.tools.verify(file)
            #expect(status.hash == description.hash && status.totalSize == description.size)
        }
        #expect(stand.isTidy)
    }

    /// Whoever lags, and is asked all the same, has applied what was acknowledged before.
    @Test func aFollowersBackupHoldsEverything() async throws {
        let stand = try BackupStand()
        let place = try TemporaryDirectory()
        let members = [RealEtcd("i-0a", in: place), RealEtcd("i-0b", in: place)]
        do {
            for member in members { try await member.start(with: members.filter { $0 !== member }) }
            for member in members { try await member.leads() }
            var isLeader: [Bool] = []
            for member in members { isLeader.append(try await member.client.status().isLeader) }
            try #require(isLeader.count { $0 } == 1)
            let (leader, follower) = isLeader[0] ? (members[0], members[1]) : (members[1], members[0])
            try await leader.write(100)
            let revision = try await leader.client.status().revision
            let backup = try await stand.maker.make(
                of: try await BackupMaker.Origin(follower, voters: ["i-0a", "i-0b"]), in: stand.store
            ).backup
            #expect(backup.revision == UInt64(revision) && backup.isProven)
            let description = try #require(try await stand.store.description(of: backup))
            #expect(description.keys == 100 && description.voters == ["i-0a", "i-0b"])
            #expect(description.takenFrom == follower.name)
        } catch {
            for member in members { await member.end() }
            throw error
        }
        for member in members { await member.end() }
    }

    // MARK: What goes wrong

    @Test func aBucketThatRefusesIsToldAndNothingStays() async throws {
        let stand = try BackupStand()
        stand.aws.change { $0.fault = { $0 == "PutObject" ? .s3("AccessDenied", status: 403) : nil } }
        try await withEtcd { etcd in
            let origin = try await origin(etcd)
            let error = await #expect(throws: AWSError.self) { try await stand.maker.make(of: origin, in: stand.store) }
            #expect(error?.status == 403)
            #expect(stand.isTidy && stand.objects.isEmpty)
            #expect(await stand.keeper.has(1, of: 2, origin.cluster) == nil)
            // The next one is as good as the first.
            stand.aws.change { $0.fault = nil }
            #expect(try await stand.maker.make(of: origin, in: stand.store).backup.isProven)
        }
        #expect(stand.isTidy)
    }

    @Test func anEtcdThatDoesNotServeIsNotSaved() async throws {
        let stand = try BackupStand()
        let (etcd, other) = (RealEtcd("i-0a", in: stand.place), RealEtcd("i-0b", in: stand.place))
        let asked = BackupMaker.Origin(
            generation: 2, cluster: ClusterID(1), voters: [], member: etcd.name, client: etcd.client)
        await #expect(throws: EtcdError.self) { try await stand.maker.make(of: asked, in: stand.store) }
        // Without its quorum a member answers, and can't say what was acknowledged.
        do {
            try await etcd.start(with: [other])
            try await other.start(with: [etcd])
            for member in [etcd, other] { try await member.leads() }
            await other.end()
            _ = try await etcd.client.status()
            await #expect(throws: EtcdError.self) { try await stand.maker.make(of: asked, in: stand.store) }
        } catch {
            for member in [etcd, other] { await member.end() }
            throw error
        }
        await etcd.end()
        #expect(stand.aws.calls == [] && stand.isTidy)
    }

    /// The disk is etcd's: a backup that would fill it is not begun.
    @Test(arguments: [false, true]) func whatWouldFillTheDiskIsNotBegun(_ isCompressed: Bool) async throws {
        let stand = try BackupStand(isCompressed ? ["--compress-backups"] : [])
        let bytes = UInt64(1) << 42
        try await withEtcd { etcd in
            let proxy = try EtcdProxy(to: etcd) { request, answer in
                guard request.path == "/v3/maintenance/status", case .answer(let status, _, let body) = answer,
                    var said = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any]
                else { return answer }
                said["dbSize"] = "\(bytes)"
                let changed = try? JSONSerialization.data(withJSONObject: said)
                return .answer(status, headers: [], body: [UInt8](changed ?? Data()))
            }
            var origin = try await origin(etcd)
            origin.client = EtcdClient(http: http, endpoint: proxy.server.url)
            let error = await #expect(throws: DataDirectoryError.self) {
                try await stand.maker.make(of: origin, in: stand.store)
            }
            let needed = megabytes(bytes * (isCompressed ? 2 : 1) + 128 << 20)
            #expect(error?.attempt == "make a backup")
            #expect(error?.cause.hasPrefix("it needs \(needed) of free space, and there are ") == true)
        }
        #expect(stand.isTidy && stand.aws.calls == [])
    }

    /// It is sent while it is read for errors, and becomes an object only if there are none.
    @Test(arguments: [false, true]) func whatTheDiskHasSpoiltIsNoBackup(_ isCompressed: Bool) async throws {
        let place = try TemporaryDirectory()
        // The last byte of the last page: etcd's own program does not see that it has changed.
        try place.wrapTools(
            after:
                """
                [ "$1 $2" != "snapshot save" ] || printf x | dd of="$3" bs=1 seek=$(($(stat -c %s "$3") - 33)) conv=notrunc
                """)
        let stand = try BackupStand(["--etcd", place["etcd"]] + (isCompressed ? ["--compress-backups"] : []))
        try await withEtcd { etcd in
            try await etcd.write(3)
            let origin = try await origin(etcd)
            let defect = await #expect(throws: SnapshotDefect.self) {
                try await stand.maker.make(of: origin, in: stand.store)
            }
            guard case .hashMismatch = defect else {
                Issue.record("\(String(describing: defect))")
                return
            }
            let status = try await etcd.client.status()
            #expect(await stand.keeper.has(UInt64(status.revision), of: 2, origin.cluster) == nil)
        }
        #expect(stand.isTidy && stand.puts.isEmpty)
    }

    /// The disk and the memory are the serving etcd's.
    @Test func everyToolRunsBehindTheRest() async throws {
        let place = try TemporaryDirectory()
        try place.wrapTools(before: #"echo "$1 $2 $(nice) $(cat /proc/self/oom_score_adj)" >>"\#(place["ran"])""#)
        let stand = try BackupStand(["--etcd", place["etcd"]])
        try await withEtcd { etcd in
            let origin = try await origin(etcd)
            #expect(try await stand.maker.make(of: origin, in: stand.store).backup.isProven)
        }
        let niceness = min(getpriority(Int32(PRIO_PROCESS.rawValue), 0) + 10, 19)
        let ran = try #require(place.text(of: "ran")).split(whereSeparator: \.isNewline)
        let works = ran.filter { !$0.hasPrefix("version") }
        #expect(Set(works.map { $0.split(separator: " ")[1] }) == ["save", "status", "hashkv", "restore"])
        #expect(works.allSatisfy { $0.hasSuffix(" \(niceness) 500") }, "\(works)")
    }

    /// What etcd's own program can make nothing of, though it has looked at it before.
    @Test func whatCanNotBeRestoredIsRefuted() async throws {
        let place = try TemporaryDirectory()
        try place.wrapTools(
            before: #"[ "$1 $2" != "snapshot restore" ] || { echo "panic: page 4: multiple references" >&2; exit 2; }"#)
        let stand = try BackupStand(["--etcd", place["etcd"]])
        try await withEtcd { etcd in
            let backup = try await stand.maker.make(of: try await origin(etcd), in: stand.store).backup
            #expect(backup.isRefuted && stand.objects[backup.refutationName] != nil)
            let launch = Launch(
                .restore(backup.name, token: "t"), etcd.identity,
                initialCluster: [InitialMember("i-0a", etcd.peerURL)], owner: "arn:group", generation: 3)
            await #expect(throws: SpoiltBackup.self) {
                try await stand.restorer.run(launch, from: stand.store, backup)
            }
        }
        #expect(stand.isTidy)
    }

    /// What was saved elsewhere in the same second need not be the same byte by byte.
    @Test func anothersBackupIsNotDescribedByOurs() async throws {
        let stand = try BackupStand()
        stand.aws.change { $0.fault = { $0 == "PutObject" ? .s3("PreconditionFailed", status: 412) : nil } }
        try await withEtcd { etcd in
            _ = try await stand.keeper.seen(for: "main")
            let made = try await stand.maker.make(of: try await origin(etcd), in: stand.store)
            #expect(made.isOld && !made.backup.isProven)
            #expect(stand.puts.map(\.name) == [made.backup.name])
            // Whether whoever was first has proven it, the next list tells.
            #expect(await stand.keeper.known(for: "main") == .notAsked)
        }
        #expect(stand.isTidy)
    }

    /// As after a restart between the two, or for want of room: by what the bucket gives back.
    @Test(arguments: [false, true]) func aProofIsMadeUpFor(_ isCompressed: Bool) async throws {
        let arguments = isCompressed ? ["--compress-backups"] : []
        let first = try BackupStand(["--prove-backups=false"] + arguments)
        try await withEtcd { etcd in
            try await etcd.write(5)
            let origin = try await origin(etcd)
            let backup = try await first.maker.make(of: origin, in: first.store).backup
            #expect(!backup.isProven)
            let later = try BackupStand(arguments, in: first.place, sharing: first.aws)
            _ = try await later.keeper.seen(for: "main")
            let made = try await later.maker.make(of: origin, in: later.store)
            #expect(made.isOld && made.backup.isProven && made.backup.name == backup.name)
            let note = try JSONDecoder().decode(
                BackupProofNote.self, from: Data(try #require(first.objects[backup.proofName])))
            #expect(note.isHashCompared && note.keys == 5)
            #expect(later.isTidy)
        }
    }

    /// A bad object is found before it is needed.
    @Test func whatTheBucketHasSpoiltIsRefutedLater() async throws {
        let first = try BackupStand(["--prove-backups=false"])
        try await withEtcd { etcd in
            try await etcd.write(5)
            let origin = try await origin(etcd)
            let backup = try await first.maker.make(of: origin, in: first.store).backup
            var bytes = try #require(first.objects[backup.name])
            bytes[bytes.count / 2] ^= 1
            first.put(bytes, as: backup.name)
            let later = try BackupStand(in: first.place, sharing: first.aws)
            _ = try await later.keeper.seen(for: "main")
            #expect(try await later.maker.make(of: origin, in: later.store).backup.isRefuted)
            #expect(first.objects[backup.refutationName] != nil)
            // Then there is none of this revision any more. Its name tells the second.
            try await eventually("another second begins") { secondsNow() > backup.time.seconds }
            let anew = try await later.maker.make(of: origin, in: later.store)
            #expect(!anew.isOld && anew.backup.isProven)
        }
    }

    /// Another leader may have deleted it, or a person: that says nothing of what was in it.
    @Test func whatIsGoneIsNotRefutedButMadeAnew() async throws {
        let first = try BackupStand(["--prove-backups=false"])
        try await withEtcd { etcd in
            let origin = try await origin(etcd)
            let backup = try await first.maker.make(of: origin, in: first.store).backup
            let later = try BackupStand(in: first.place, sharing: first.aws)
            _ = try await later.keeper.seen(for: "main")
            first.put(nil, as: backup.name)
            let made = try await later.maker.make(of: origin, in: later.store)
            #expect(!made.isOld && made.backup.isProven && made.refutation == nil)
            #expect(first.objects[backup.refutationName] == nil)
            #expect(later.isTidy)
        }
    }

    /// Nothing rests on a description.
    @Test func aGarbledDescriptionDoesNotKeepOneFromBeingProven() async throws {
        let first = try BackupStand(["--prove-backups=false"])
        try await withEtcd { etcd in
            let origin = try await origin(etcd)
            let backup = try await first.maker.make(of: origin, in: first.store).backup
            first.put(Array("{".utf8), as: backup.descriptionName)
            let later = try BackupStand(in: first.place, sharing: first.aws)
            _ = try await later.keeper.seen(for: "main")
            #expect(try await later.maker.make(of: origin, in: later.store).backup.isProven)
        }
    }

    /// What the bucket does not take is not forgotten.
    @Test func aRefutationThatCantBeWrittenIsKept() async throws {
        let place = try TemporaryDirectory()
        try place.wrapTools(
            before: #"[ "$1 $2" != "snapshot restore" ] || { echo "panic: page 4: multiple references" >&2; exit 2; }"#)
        let stand = try BackupStand(["--etcd", place["etcd"]])
        let puts = Mutex(0)
        stand.aws.change { world in
            world.fault = { call in
                guard call == "PutObject" else { return nil }
                // The backup and its description come before it.
                return puts.withLock { puts in
                    puts += 1
                    return puts > 2 ? .s3("SlowDown", status: 503) : nil
                }
            }
        }
        try await withEtcd { etcd in
            let made = try await stand.maker.make(of: try await origin(etcd), in: stand.store)
            let backup = made.backup
            #expect(made.refutation?.contains("multiple references") == true)
            #expect(stand.objects[backup.refutationName] == nil)
            #expect(try await stand.keeper.seen(for: "main").value?.named(backup.name)?.isRefuted == true)
            #expect(await stand.keeper.refutationsToWrite.map(\.backup) == [backup])
        }
    }

    /// It is in the bucket and verified; only the proof is missing.
    @Test func withoutRoomForASecondCopyItIsNotProven() async throws {
        let stand = try BackupStand()
        try await withEtcd { etcd in
            let backup = try await stand.maker.make(of: try await origin(etcd), in: stand.store) { stage, done, _ in
                // By now it is uploaded. A copy of it would be as large as no disk of a test machine.
                guard stage == .uploading, done > 0, let file = try? snapshot(below: stand.scratch.path) else { return }
                truncate(file, 1 << 42)
            }.backup
            #expect(!backup.isProven)
            #expect(stand.puts.map(\.name) == [backup.name, backup.descriptionName])
        }
        #expect(stand.writes.text.contains("backup not proven: too little room for a second copy"))
        #expect(stand.isTidy)
    }

    /// What comes back is another snapshot, whole but older.
    @Test func whatDoesNotComeBackIsRefuted() async throws {
        let stand = try BackupStand()
        try await withEtcd { etcd in
            let older = stand.place["older.db"]
            try await stand.tools.save(from: etcd.clientURL.description, to: older, databaseBytes: 1 << 20)
            try await etcd.write(3)
            let backup = try await stand.maker.make(of: try await origin(etcd), in: stand.store) { stage, done, _ in
                guard stage == .uploading, done > 0, let file = try? snapshot(below: stand.scratch.path) else { return }
                rename(older, file)
            }.backup
            #expect(!backup.isProven && stand.objects[backup.proofName] == nil)
            #expect(stand.objects[backup.name] != nil)
        }
        #expect(stand.writes.text.contains("level=error msg=\"backup refuted: what came back is not what was saved\""))
        #expect(stand.isTidy)
    }

    /// A cluster that was only just founded: what is written after the snapshot is not in it, and says nothing against it.
    @Test func whatIsWrittenAfterTheSnapshotOfAnEmptyStoreRefutesNothing() async throws {
        let place = try TemporaryDirectory()
        try place.wrapTools(
            after: #"[ "$1 $2" != "snapshot save" ] || ETCDCTL_API=3 etcdctl "$4" put a b >/dev/null || exit 1"#)
        let stand = try BackupStand(["--etcd", place["etcd"]])
        try await withEtcd { etcd in
            let backup = try await stand.maker.make(of: try await origin(etcd), in: stand.store).backup
            #expect(try await etcd.client.status().revision == 2, "it was written")
            #expect(backup.isProven && backup.revision == 1)
            let description = try #require(try await stand.store.description(of: backup))
            #expect(description.keys == 0)
        }
    }

    /// An etcd that can't be started proves nothing, and is nothing against the backup.
    @Test func aProofThatCantBeMadeIsNoFailure() async throws {
        let place = try TemporaryDirectory()
        try place.write(
            "#!/bin/sh\ntest \"$1\" = --version && echo etcd Version: 3.4.23 && exit\nexit 3\n", to: "etcd",
            executable: true)
        let stand = try BackupStand(["--etcd", place["etcd"]])
        try await withEtcd { etcd in
            let backup = try await stand.maker.make(of: try await origin(etcd), in: stand.store).backup
            #expect(!backup.isProven)
            #expect(stand.puts.map(\.name) == [backup.name, backup.descriptionName])
        }
        #expect(stand.writes.text.contains("level=warning msg=\"backup not proven\""))
        #expect(stand.isTidy)
    }

    @Test func whoStopsItFindsNothingLeft() async throws {
        let stand = try BackupStand()
        stand.aws.change { $0.fault = { $0 == "PutObject" ? .hang : nil } }
        try await withEtcd { etcd in
            let origin = try await origin(etcd)
            let making = Task { try await stand.maker.make(of: origin, in: stand.store) }
            try await eventually("it is being uploaded") { !stand.puts.isEmpty }
            #expect(!stand.isTidy)
            making.cancel()
            await #expect(throws: CancellationError.self) { try await making.value }
        }
        #expect(stand.isTidy && stand.objects.isEmpty)
    }
}

/// The snapshot that is on its way to the bucket.
private func snapshot(below scratch: String) throws -> String {
    let own = try #require(try FileManager.default.contentsOfDirectory(atPath: scratch).first)
    return "\(scratch)/\(own)/snapshot.db"
}
