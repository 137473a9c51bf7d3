import Foundation
import GRDB
import TestSupport
import Testing

@testable import VectorStore

@Suite struct UserDatabaseTests {
  static func form(_ migrations: [String], settings: String = "") -> UserDatabase.Form {
    UserDatabase.Form(
      label: "test", applicationID: 77, migrations: migrations, settings: settings, patience: 50)
  }

  static let first = "CREATE TABLE words(word TEXT); INSERT INTO words VALUES ('first')"
  static let second = "INSERT INTO words VALUES ('second')"

  static func words(_ database: UserDatabase) async throws -> [String]? {
    try await database.read { try String.fetchAll($0, sql: "SELECT word FROM words") }
  }

  @Test func isMadeAtTheFirstWriteForThisUserOnly() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a/b/file.db")
    let database = UserDatabase(path: path, form: Self.form([Self.first]))
    #expect(try await Self.words(database) == nil)
    #expect(!FileManager.default.fileExists(atPath: folder.path("a")))
    try await database.write { try $0.execute(sql: "INSERT INTO words VALUES ('mine')") }
    #expect(try await Self.words(database) == ["first", "mine"])
    #expect(try permissions(path) == 0o600)
    #expect(try permissions(folder.path("a/b")) == 0o700)
    #expect(try permissions(folder.path("a")) == 0o700)
  }

  @Test func manyMakeItAtOnceAndItIsMadeOnce() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("deep/file.db")
    try await withThrowingTaskGroup { group in
      for number in 0..<8 {
        group.addTask {
          var form = Self.form([Self.first, Self.second])
          form.patience = 30_000
          try await UserDatabase(path: path, form: form).write {
            try $0.execute(sql: "INSERT INTO words VALUES (?)", arguments: ["\(number)"])
          }
        }
      }
      try await group.waitForAll()
    }
    let words = try await Self.words(UserDatabase(path: path, form: Self.form([Self.first, ""])))
    #expect(words?.prefix(2) == ["first", "second"])
    #expect(words?.dropFirst(2).sorted() == (0..<8).map { "\($0)" })
  }

  @Test func anOlderFileGoesThroughTheNewMigrations() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("file.db")
    try await UserDatabase(path: path, form: Self.form([Self.first])).write { _ in }
    let newer = Self.form([Self.first, Self.second])
    #expect(try await Self.words(UserDatabase(path: path, form: newer)) == ["first", "second"])
    let older = UserDatabase(path: path, form: Self.form([Self.first]))
    await #expect(throws: UserDatabase.Refusal.tooNew(found: 2, known: 1)) {
      try await older.write { _ in }
    }
    await #expect(throws: UserDatabase.Refusal.tooNew(found: 2, known: 1)) {
      try await Self.words(older)
    }
  }

  @Test func aNewerFileIsNoticedWhileItIsOpen() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("file.db")
    let open = UserDatabase(path: path, form: Self.form([Self.first]))
    try await open.write { _ in }
    try await UserDatabase(path: path, form: Self.form([Self.first, Self.second])).write { _ in }
    await #expect(throws: UserDatabase.Refusal.tooNew(found: 2, known: 1)) {
      try await open.write { _ in }
    }
  }

  @Test func aMigrationThatFailsLeavesNothing() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("file.db")
    let broken = UserDatabase(path: path, form: Self.form([Self.first, "CREATE nonsense"]))
    await #expect(throws: DatabaseError.self) { try await broken.write { _ in } }
    let whole = UserDatabase(path: path, form: Self.form([Self.first]))
    #expect(try await Self.words(whole) == nil)
    try await whole.write { _ in }
    #expect(try await Self.words(whole) == ["first"])
  }

  @Test func filesOfOtherProgramsAreLeftAlone() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("other.db")
    try await DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE t(x)") }
    let before = try Data(contentsOf: URL(filePath: path))
    let database = UserDatabase(path: path, form: Self.form([Self.first]))
    await #expect(throws: UserDatabase.Refusal.otherProgram(applicationID: 0)) {
      try await database.write { _ in }
    }
    await #expect(throws: UserDatabase.Refusal.otherProgram(applicationID: 0)) {
      try await Self.words(database)
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
  }

  @Test func whatABodyThrowsUndoesItsWrites() async throws {
    let folder = try TemporaryFolder()
    let database = UserDatabase(path: folder.path("file.db"), form: Self.form([Self.first]))
    await #expect(throws: CancellationError.self) {
      try await database.write { db in
        try db.execute(sql: "DELETE FROM words")
        throw CancellationError()
      }
    }
    try await database.write { _ in }
    #expect(try await Self.words(database) == ["first"])
  }

  @Test func anotherHolderIsWaitedForNoLongerThanAsked() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("file.db")
    let database = UserDatabase(path: path, form: Self.form([Self.first]))
    try await database.write { _ in }
    let lock = try await HeldLock(path, kind: "EXCLUSIVE")
    await #expect {
      try await database.write { _ in }
    } throws: {
      ($0 as? DatabaseError)?.resultCode == .SQLITE_BUSY
    }
    try await lock.release()
    try await database.write { _ in }
  }

  /// Waiting took as long as the patience, whatever became of the task.
  @Test(.timeLimit(.minutes(1)), arguments: [true, false])
  func aTaskThatIsCancelledWaitsNoLonger(writes: Bool) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("file.db")
    var form = Self.form([Self.first])
    form.patience = 600_000
    let database = UserDatabase(path: path, form: form)
    try await database.write { _ in }
    let lock = try await HeldLock(path, kind: "EXCLUSIVE")
    let waiting = Task {
      if writes {
        try await database.write { try $0.execute(sql: "INSERT INTO words VALUES ('late')") }
      } else {
        _ = try await Self.words(database)
      }
    }
    try await Task.sleep(for: .milliseconds(100))
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    try await lock.release()
    #expect(try await Self.words(database) == ["first"])
  }

  @Test func aLongStatementOfACancelledTaskIsInterrupted() async throws {
    let folder = try TemporaryFolder()
    let database = UserDatabase(path: folder.path("file.db"), form: Self.form([Self.first]))
    try await database.write { _ in }
    let working = Task {
      try await database.write { db in
        try db.execute(sql: "DELETE FROM words")
        _ = try Int.fetchOne(
          db,
          sql:
            "WITH RECURSIVE e(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM e) SELECT SUM(x * 0) FROM e"
        )
      }
    }
    try await Task.sleep(for: .milliseconds(100))
    working.cancel()
    await #expect(throws: CancellationError.self) { try await working.value }
    #expect(try await Self.words(database) == ["first"])
  }

  @Test func onlyAFileOfThisFormIsMovedAway() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("somebody's notes", to: "file.db")
    let other = folder.path("other.db")
    try await DatabaseQueue(path: other).write {
      try $0.execute(sql: "PRAGMA application_id = 78; CREATE TABLE t(x)")
    }
    for file in [path, other, folder.path("none.db")] {
      let before = FileManager.default.contents(atPath: file)
      #expect(try await !UserDatabase(path: file, form: Self.form([Self.first])).setAside())
      #expect(FileManager.default.contents(atPath: file) == before)
      #expect(!FileManager.default.fileExists(atPath: file + ".damaged"))
    }
  }

  @Test func aFileThatWasDeletedIsMadeAnew() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("file.db")
    let database = UserDatabase(path: path, form: Self.form([Self.first]))
    try await database.write { try $0.execute(sql: "INSERT INTO words VALUES ('gone')") }
    try FileManager.default.removeItem(atPath: path)
    #expect(try await Self.words(database) == nil)
    try await database.write { try $0.execute(sql: "INSERT INTO words VALUES ('new')") }
    #expect(try await Self.words(database) == ["first", "new"])
    #expect(try await database.setAside())
    #expect(!FileManager.default.fileExists(atPath: path))
    #expect(FileManager.default.fileExists(atPath: path + ".damaged"))
    #expect(try await Self.words(database) == nil)
  }

  @Test func namesThatMeanSomethingToSQLiteAreFiles() async throws {
    #expect(UserDatabase(path: ":memory:", form: Self.form([])).path.hasPrefix("/"))
    let none = UserDatabase(path: "", form: Self.form([Self.first]))
    await #expect(throws: UserDatabase.Refusal.noPath) { try await none.write { _ in } }
    await #expect(throws: UserDatabase.Refusal.noPath) { try await Self.words(none) }
  }

  @Test func aFolderThatCannotBeMadeIsNamed() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("text", to: "file")
    let database = UserDatabase(path: file + "/below/file.db", form: Self.form([Self.first]))
    await #expect(throws: UserDatabase.Refusal.folder(path: file + "/below", errno: ENOTDIR)) {
      try await database.write { _ in }
    }
  }
}
