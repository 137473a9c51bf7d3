// What a new store may be put upon, what lies beside it, and whom its files are for.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

@Suite struct NewStoreTests {
  /// Something that is no file and must stay what it is.
  enum Obstacle: String, CaseIterable {
    case pipe, socket, linkToNothing, linkInACircle, folder

    func make(at path: String) throws {
      switch self {
      case .pipe: #expect(mkfifo(path, 0o600) == 0)
      case .folder:
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      case .linkToNothing:
        try FileManager.default.createSymbolicLink(
          atPath: path, withDestinationPath: path + "-nowhere")
      case .linkInACircle:
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
      case .socket:
        let descriptor = Foundation.socket(AF_UNIX, socketKind, 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A socket's name is short, so it is made beside the folder and moved.
        let short = FileManager.default.temporaryDirectory
          .appending(path: "s\(UInt32.random(in: 0 ... .max))").path
        try #require(short.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: short.utf8) }
        let code = withUnsafePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
          }
        }
        #expect(code == 0)
        #expect(rename(short, path) == 0)
      }
    }

    private var socketKind: Int32 {
      #if canImport(Glibc)
        Int32(SOCK_STREAM.rawValue)
      #else
        SOCK_STREAM
      #endif
    }
  }

  private static func names(in folder: TemporaryFolder) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path))
  }

  @Test(arguments: Obstacle.allCases)
  func nothingButAnEmptyFileIsReplaced(obstacle: Obstacle) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    try obstacle.make(at: path)
    let before = try FilePlace(path)
    let error = await StoreFileTests.error(opening: path)
    let isLink = obstacle == .linkToNothing || obstacle == .linkInACircle
    #expect(error?.code == (isLink ? .storeNotFound : .notAStore))
    #expect(
      error?.message.contains(before.obstacle ?? "none") == true, "\(error?.message ?? "none")")
    #expect(try FilePlace(path) == before)
    #expect(try Self.names(in: folder) == ["s.db"])
    let report = try? await Store.doctor(path: path)
    #expect(report?.isWell != true)
  }

  @Test(.enabled(if: geteuid() == 0, "only root makes devices"))
  func aDeviceStaysADevice() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("null")
    #expect(mknod(path, S_IFCHR | 0o666, 1 << 8 | 3) == 0)
    let mode = FileCheck.permissions(of: path)
    let error = await StoreFileTests.error(opening: path)
    #expect(error?.code == .notAStore && error?.message.contains("is a device") == true)
    #expect(try FilePlace(path) == .other("a device"))
    let ledger = await StoreErrorLedgerTests.error(at: path)
    #expect(ledger?.code == .cannotOpen, "\(ledger?.message ?? "none")")
    #expect(FileCheck.permissions(of: path) == mode)
    #expect(try Self.names(in: folder) == ["null"])
  }

  @Test(arguments: ["-new", "-lock", "-new-journal", "-wal", "-shm"], Obstacle.allCases)
  func whatLiesBesideIsNeverFollowed(side: String, obstacle: Obstacle) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    try obstacle.make(at: path + side)
    let before = try FilePlace(path + side)
    let error = await StoreFileTests.error(opening: path)
    #expect(error?.code == .cannotOpen)
    #expect(error?.message.contains("\(path)\(side)") == true)
    #expect(try FilePlace(path + side) == before)
    #expect(try Self.names(in: folder).isSubset(of: ["s.db\(side)", "s.db-lock"]))
  }

  @Test func aLinkBesideToAFileLeavesThatFile() async throws {
    let folder = try TemporaryFolder()
    let other = try folder.write("precious", to: "other.txt")
    for side in ["-lock", "-new"] {
      let path = folder.path("s.db")
      try FileManager.default.createSymbolicLink(atPath: path + side, withDestinationPath: other)
      #expect(await StoreFileTests.error(opening: path)?.code == .cannotOpen)
      #expect(try String(contentsOfFile: other, encoding: .utf8) == "precious")
      try FileManager.default.removeItem(atPath: path + side)
    }
  }

  @Test(arguments: [":memory:", "file:x.db", "file::memory:?cache=shared", "a?b#c%20.db"])
  func namesWithAMeaningToSQLiteArePlainFiles(name: String) async throws {
    let store = Command(folder: try TemporaryFolder())
    let added = try await store.run("add", "--text", "walrus", "--mode", "mock", "--store", name)
    #expect(added.status == 0, "\(added.errors)")
    let names = try Self.names(in: store.folder).filter { !$0.hasPrefix(".") }
    #expect(names == [name, name + "-lock"])
    let listed = try await store.run("list", "--store", name)
    #expect(listed.status == 0 && listed.output.split(separator: "\n").count == 1)
    #expect(try await store.run("doctor", "--store", name).status == 0)
  }

  /// Whatever the umask: they hold people's texts.
  @Test(arguments: ["000", "022", "077"])
  func newFilesAreForTheirUserOnly(umask: String) async throws {
    var store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    store.launcher = ["/bin/sh", "-c", "umask \(umask); exec \"$0\" \"$@\""]
    let mode = { FileCheck.permissions(of: store.folder.path($0)) }
    _ = try await store.run("add", "--text", "a walrus", "--id", "w")
    _ = try await store.run("export", "e.jsonl")
    _ = try await store.run("export", "e.npy", "--texts", "t.jsonl")
    _ = try await store.run("stats", "--html", "page.html")
    for name in ["store.db", "store.db-lock", "e.jsonl", "e.npy", "t.jsonl", "page.html"] {
      #expect(mode(name) == "0600", "\(name)")
    }
    // What is there keeps what it was given.
    chmod(store.folder.path("page.html"), 0o640)
    chmod(store.folder.path("e.jsonl"), 0o644)
    _ = try await store.run("stats", "--html", "page.html")
    _ = try await store.run("export", "e.jsonl")
    #expect(mode("page.html") == "0640" && mode("e.jsonl") == "0644")
  }

  @Test func filesBesideAStoreAreForThoseWhoMayUseIt() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    for mode in [0o600, 0o660] {
      var configuration = StoreConfiguration(mode: .mock)
      configuration.maximumReaders = 1
      try await StoreFileTests.makeStore(at: path, texts: 1)
      chmod(path, mode_t(mode))
      let store = try await Store(path: path, configuration: configuration)
      try await store.add([Document(text: "more")])
      for side in ["-wal", "-shm", "-lock"] {
        #expect(
          FileCheck.permissions(of: path + side) == "0" + String(mode, radix: 8), "\(side)")
      }
      try await store.close()
    }
  }

  @Test func anEmptyFileHandsNoPermissionsOn() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("", to: "s.db")
    chmod(path, 0o666)
    try await StoreFileTests.makeStore(at: path, texts: 1)
    #expect(FileCheck.permissions(of: path) == "0600")
  }

  @Test func aFailedCreationLeavesNoDraft() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("s.db")
    // The draft is made, and then something is in the way of its place.
    try FileManager.default.createDirectory(
      atPath: path + "-shm", withIntermediateDirectories: false)
    #expect(await StoreFileTests.error(opening: path)?.code == .cannotOpen)
    #expect(try Self.names(in: folder) == ["s.db-shm", "s.db-lock"])
  }
}
