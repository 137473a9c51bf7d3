import Foundation
import GRDB
import Logging
import Synchronization
import TestSupport
import Testing
import VectorStoreSearch

@testable import VectorStore

@Suite struct QueryCacheTests {
  static let space = EmbeddingSpace.named("openai/m/64")
  static let other = EmbeddingSpace.named("openai/n/64")

  static func cache(
    _ path: String, limit: Int = 20_000, clock: VirtualClock = VirtualClock(),
    logger: Logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
  ) -> QueryCache {
    QueryCache(path: path, limit: limit, logger: logger) { clock.now }
  }

  static func vector(_ seed: UInt64) throws -> [Float] {
    var random = SeededGenerator(seed: seed)
    let components = (0..<64).map { _ in Float.random(in: -1...1, using: &random) }
    return try UnitVector(components, dimensions: 64).components
  }

  static func hash(_ number: Int) -> Data {
    Data((0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 8 * 8)) })
  }

  /// A new folder with a cache of one vector.
  static func filledFolder() async throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    await cache(folder.path("cache/q.db")).store([hash(1): try vector(1)], space: space)
    return folder
  }

  @Test func whatWasStoredIsFoundToTheBit() async throws {
    let folder = try await Self.filledFolder()
    let path = folder.path("cache/q.db")
    let cache = Self.cache(path)
    #expect(
      await cache.vectors(for: [Self.hash(1), Self.hash(2)], space: Self.space)
        == [Self.hash(1): try Self.vector(1)])
    #expect(await Self.cache(path).vectors(for: [Self.hash(1)], space: Self.space).count == 1)
    #expect(await cache.vectors(for: [Self.hash(1)], space: Self.other).isEmpty)
    #expect(await cache.vectors(for: [], space: Self.space).isEmpty)
    #expect(try permissions(path) == 0o600)
  }

  @Test func aVectorStoredAgainTakesThePlaceOfTheFirst() async throws {
    let folder = try await Self.filledFolder()
    let path = folder.path("cache/q.db")
    let cache = Self.cache(path)
    await cache.store([Self.hash(1): try Self.vector(2)], space: Self.space)
    #expect(
      await cache.vectors(for: [Self.hash(1)], space: Self.space)[Self.hash(1)]
        == (try Self.vector(2)))
    let rows = try await DatabaseQueue(path: path).read {
      try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM vectors")
    }
    #expect(rows == 1)
  }

  @Test func lookingMakesNoFile() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("cache/queries.db")
    #expect(await Self.cache(path).vectors(for: [Self.hash(1)], space: Self.space).isEmpty)
    #expect(!FileManager.default.fileExists(atPath: folder.path("cache")))
  }

  @Test func badVectorsAreNotKept() async throws {
    let folder = try await Self.filledFolder()
    let cache = Self.cache(folder.path("cache/q.db"))
    await cache.store(
      [
        Self.hash(2): [Float](repeating: 0, count: 64), Self.hash(3): [1, 2],
        Self.hash(4): [Float](repeating: .nan, count: 64),
        Self.hash(5): [Float](repeating: 2, count: 64),
      ], space: Self.space)
    let found = await cache.vectors(for: (1...5).map(Self.hash), space: Self.space)
    #expect(Set(found.keys) == [Self.hash(1), Self.hash(5)])
    #expect(found[Self.hash(5)] == [Float](repeating: 0.125, count: 64))
  }

  @Test(arguments: [
    "data = zeroblob(256)", "data = x'00'", "digest = zeroblob(8)",
    "data = CAST(substr(data, 5) || substr(data, 1, 4) AS BLOB)", "text_hash = zeroblob(32)",
  ])
  func rowsThatAreNotWhatWasStoredAreMisses(change: String) async throws {
    let folder = try await Self.filledFolder()
    let path = folder.path("cache/q.db")
    let cache = Self.cache(path)
    try await DatabaseQueue(path: path).write {
      try $0.execute(sql: "UPDATE vectors SET \(change)")
    }
    let hashes = [Self.hash(1), Data(count: 32)]
    #expect(await cache.vectors(for: hashes, space: Self.space).isEmpty)
    await cache.store([Self.hash(1): try Self.vector(1)], space: Self.space)
    #expect(await cache.vectors(for: hashes, space: Self.space).count == 1)
  }

  @Test(arguments: ["a trigger", "damaged pages", "no table"])
  func aDamagedFileIsAMissAndMadeAnew(damage: String) async throws {
    let folder = try await Self.filledFolder()
    let path = folder.path("cache/q.db")
    switch damage {
    case "a trigger":
      try await DatabaseQueue(path: path).write {
        try $0.execute(
          sql: "CREATE TRIGGER ev AFTER INSERT ON vectors BEGIN DELETE FROM vectors; END")
      }
    case "damaged pages":
      var bytes = try Data(contentsOf: URL(filePath: path))
      bytes.replaceSubrange(32768..., with: Data(repeating: 0xA5, count: bytes.count - 32768))
      try bytes.write(to: URL(filePath: path))
    default:
      try await DatabaseQueue(path: path).write { try $0.execute(sql: "DROP TABLE vectors") }
    }
    let cache = Self.cache(path)
    #expect(await cache.vectors(for: [Self.hash(1)], space: Self.space).isEmpty)
    await cache.store([Self.hash(1): try Self.vector(1)], space: Self.space)
    #expect(await cache.vectors(for: [Self.hash(1)], space: Self.space).count == 1)
  }

  /// Whatever file the path named was moved away.
  @Test func aFileThatIsNoCacheIsLeftAloneAndThatIsSaidOnce() async throws {
    let folder = try TemporaryFolder()
    let notes = Data(repeating: 0x41, count: 9000)
    let path = try folder.write(notes, to: "notes.txt")
    let lines = LogLines()
    let cache = Self.cache(path, logger: lines.logger)
    for _ in 0..<3 {
      await cache.store([Self.hash(1): try Self.vector(1)], space: Self.space)
      #expect(await cache.vectors(for: [Self.hash(1)], space: Self.space).isEmpty)
    }
    #expect(FileManager.default.contents(atPath: path) == notes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["notes.txt"])
    let warnings = lines.all.filter { $0.hasPrefix("warning: ") }
    #expect(warnings.count == 1 && warnings[0].contains("\(path) cannot be the cache"))
  }

  @Test func filesOfOthersAndNewerOnesAreLeftAlone() async throws {
    let folder = try await Self.filledFolder()
    let path = folder.path("cache/q.db")
    try await DatabaseQueue(path: path).write { try $0.execute(sql: "PRAGMA user_version = 9") }
    let other = folder.path("other.db")
    try await DatabaseQueue(path: other).write { try $0.execute(sql: "CREATE TABLE t(x)") }
    for file in [path, other] {
      let before = try Data(contentsOf: URL(filePath: file))
      let cache = Self.cache(file)
      await cache.store([Self.hash(2): try Self.vector(2)], space: Self.space)
      #expect(await cache.vectors(for: [Self.hash(1)], space: Self.space).isEmpty)
      #expect(try Data(contentsOf: URL(filePath: file)) == before)
    }
  }

  @Test func whereNothingCanBeWrittenEverythingIsAMissAndALineInTheLog() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("text", to: "file") + "/queries.db"
    let lines = LogLines()
    let cache = Self.cache(path, logger: lines.logger)
    await cache.store([Self.hash(1): try Self.vector(1)], space: Self.space)
    #expect(await cache.vectors(for: [Self.hash(1)], space: Self.space).isEmpty)
    let first = lines.all.first
    #expect(first?.hasPrefix("debug: cannot write the cache of query vectors \(path): ") == true)
  }

  @Test func aLockedFileIsAMissSoon() async throws {
    let folder = try await Self.filledFolder()
    let path = folder.path("cache/q.db")
    let cache = Self.cache(path)
    let lock = try await HeldLock(path, kind: "EXCLUSIVE")
    #expect(await cache.vectors(for: [Self.hash(1)], space: Self.space).isEmpty)
    await cache.store([Self.hash(2): try Self.vector(2)], space: Self.space)
    try await lock.release()
    let found = await cache.vectors(for: [Self.hash(1), Self.hash(2)], space: Self.space)
    #expect(Array(found.keys) == [Self.hash(1)])
  }

  @Test func aHitStandsThoughItsUseCannotBeNoted() async throws {
    let clock = VirtualClock()
    let folder = try await Self.filledFolder()
    let path = folder.path("cache/q.db")
    let cache = Self.cache(path, clock: clock)
    clock.advance(by: 2 * 86_400)
    let lock = try await HeldLock(path, kind: "IMMEDIATE")
    #expect(await cache.vectors(for: [Self.hash(1)], space: Self.space).count == 1)
    try await lock.release()
  }

  @Test func theLongestUnusedGoFirst() async throws {
    let clock = VirtualClock()
    let folder = try TemporaryFolder()
    let path = folder.path("queries.db")
    let cache = Self.cache(path, limit: 40, clock: clock)
    for number in 0..<99 {
      clock.advance(by: 60)
      await cache.store([Self.hash(number): try Self.vector(1)], space: Self.space)
    }
    clock.advance(by: 2 * 86_400)
    // Used again, the first is the freshest.
    #expect(await cache.vectors(for: [Self.hash(0)], space: Self.space).count == 1)
    await cache.store([Self.hash(99): try Self.vector(1)], space: Self.space)
    let found = await cache.vectors(for: (0..<100).map(Self.hash), space: Self.space)
    #expect(Set(found.keys) == Set(([0] + (63...99)).map(Self.hash)))
  }
}

/// Keeps what is logged.
private final class LogLines: LogHandler, Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }
  var logger: Logger { Logger(label: "test", factory: { _ in self }) }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .debug }
    set {}
  }
  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }

  func log(event: LogEvent) {
    lines.withLock { $0.append("\(event.level): \(event.message)") }
  }
}
