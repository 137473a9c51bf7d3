// A real PostgreSQL server for the tests.

#if Postgres
  package import Foundation
  import Synchronization

  /// A PostgreSQL server with pgvector on loopback, which ends with the test process, also if that crashes.
  ///
  /// ```swift
  /// @Suite(.enabled(if: PostgresServer.isThere, PostgresServer.howToGet)) struct SomeTests {
  ///   @Test func something() async throws {
  ///     let database = try await PostgresServer.makeDatabase()
  ///     // connect to database.uri
  ///   }
  /// }
  /// ```
  ///
  /// The programs are those of `VECTOR_STORE_POSTGRES`, a folder with `bin/postgres`. Without it they are where
  /// `.scripts/postgres` puts them: `vector-store/postgres/server` in `/var/cache` for root, else in
  /// `XDG_CACHE_HOME` or `~/.cache`. PostgreSQL refuses to run as root: it then runs as `nobody`, who must be
  /// able to read that folder.
  package final class PostgresServer: Sendable {
    /// Whether the programs are there: for `.enabled(if:)`, which skips in sight.
    package static let isThere = folder != nil

    /// Why a suite is skipped.
    package static let howToGet = "there is no PostgreSQL server; .scripts/postgres gets one"

    /// Where the programs are.
    package static let folder: URL? = {
      let environment = ProcessInfo.processInfo.environment
      var candidates: [String] = []
      if let chosen = environment["VECTOR_STORE_POSTGRES"] {
        candidates = [chosen]
      } else {
        let home = environment["HOME"] ?? "/"
        let caches = ["/var/cache", environment["XDG_CACHE_HOME"] ?? home + "/.cache"]
        candidates = caches.map { $0 + "/vector-store/postgres/server" }
      }
      return candidates.map { URL(filePath: $0) }.first {
        FileManager.default.isExecutableFile(atPath: $0.appending(path: "bin/postgres").path)
      }
    }()

    /// A database of its own on the server that all tests of the process share.
    ///
    /// - Parameter hasVectors: whether pgvector's extension is there already.
    package static func makeDatabase(hasVectors: Bool = true) async throws -> PostgresDatabase {
      try await onOwnThread { try shared.get().makeDatabase(hasVectors: hasVectors) }
    }

    private static let shared = Result { try PostgresServer() }

    private struct Run {
      let supervisor: Process
      /// The server ends when this closes.
      let lifeline: Pipe
    }

    /// The folder of the Unix socket.
    package let socketFolder: String
    package let port: Int
    private let run = Mutex<Run?>(nil)
    private let databases = Atomic(0)

    /// Makes and starts a server. Blocks for some seconds.
    ///
    /// - Throws: a ``Failure`` that says what the server said.
    package init() throws {
      guard let programs = Self.folder else { throw Failure(message: Self.howToGet) }
      let name = "pg-\(UUID().uuidString.prefix(8))"
      socketFolder = FileManager.default.temporaryDirectory.appending(path: name).path
      port = try StallingProxy.freePort()
      try FileManager.default.createDirectory(
        atPath: socketFolder, withIntermediateDirectories: true)
      if getuid() == 0 { chown(socketFolder, Self.nobody, Self.nobody) }
      let made = try Self.outcome(
        Self.asUser + [
          programs.appending(path: "bin/initdb").path, "-D", socketFolder + "/data", "-U",
          "postgres",
          "-A", "trust", "-E", "UTF8", "--locale=C", "--locale-provider=builtin",
          "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions",
        ])
      guard made.status == 0 else {
        try? FileManager.default.removeItem(atPath: socketFolder)
        throw Failure(message: "initdb of \(programs.path) failed: \(made.output)")
      }
      try Data(Self.access.utf8).write(to: URL(filePath: socketFolder + "/data/pg_hba.conf"))
      try start()
      try sql("CREATE DATABASE vectors")
      try sql("CREATE EXTENSION vector", in: "vectors")
    }

    deinit { stop() }

    /// The address of a database over the Unix socket.
    package func uri(_ database: String = "postgres") -> String {
      let folder =
        socketFolder.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? socketFolder
      return "postgres://postgres@\(folder):\(port)/\(database)"
    }

    /// A database of its own. It is dropped when the value goes.
    package func makeDatabase(hasVectors: Bool = true) throws -> PostgresDatabase {
      let number = databases.add(1, ordering: .relaxed).newValue
      try sql("CREATE DATABASE test\(number) TEMPLATE \(hasVectors ? "vectors" : "template1")")
      return PostgresDatabase(server: self, name: "test\(number)")
    }

    /// Runs SQL with `psql`, beside what is tested. Returns what it prints, rows without headings. Blocks.
    @discardableResult
    package func sql(_ text: String, in database: String = "postgres") throws -> String {
      guard let programs = Self.folder else { throw Failure(message: Self.howToGet) }
      let outcome = try Self.outcome([
        programs.appending(path: "bin/psql").path, "-XqAt", "-v", "ON_ERROR_STOP=1", "-d",
        uri(database), "-c", text,
      ])
      guard outcome.status == 0 else { throw Failure(message: "psql: \(outcome.output)") }
      return outcome.output.trimmingCharacters(in: .newlines)
    }

    // MARK: - Its life

    /// Starts the server again after ``stop()`` or ``kill()``. Blocks until it answers.
    package func start() throws {
      guard let programs = Self.folder else { throw Failure(message: Self.howToGet) }
      let lifeline = Pipe()
      // Another child of the test process must not keep it open.
      _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
      let supervisor = Process()
      supervisor.executableURL = URL(filePath: "/bin/sh")
      supervisor.arguments =
        ["-c", Self.supervision, "postgres", socketFolder] + Self.asUser + [
          programs.appending(path: "bin/postgres").path, "-D", socketFolder + "/data",
        ] + settings
      supervisor.standardInput = lifeline.fileHandleForReading
      supervisor.standardOutput = FileHandle.nullDevice
      supervisor.standardError = FileHandle.nullDevice
      try supervisor.run()
      run.withLock { $0 = Run(supervisor: supervisor, lifeline: lifeline) }
      for _ in 0..<600 {
        if (try? sql("SELECT 1")) == "1" { return }
        guard supervisor.isRunning else { break }
        usleep(50_000)
      }
      let log = (try? String(contentsOfFile: socketFolder + "/log", encoding: .utf8)) ?? ""
      throw Failure(message: "the PostgreSQL server did not start: \(log.suffix(2000))")
    }

    /// Ends the server as a crash of the machine would: `kill -9` of the main process and of all others.
    package func kill() throws {
      let file = try String(contentsOfFile: socketFolder + "/data/postmaster.pid", encoding: .utf8)
      guard let line = file.split(separator: "\n").first, let main = Int32(line) else { return }
      let backends = try? sql("SELECT pid FROM pg_stat_activity")
      _ = Foundation.kill(main, SIGKILL)
      for pid in (backends ?? "").split(separator: "\n").compactMap({ Int32($0) }) {
        _ = Foundation.kill(pid, SIGKILL)
      }
      run.withLock { $0?.supervisor }?.waitUntilExit()
    }

    /// Ends one connection's process with `kill -9`. The server then ends all others too and recovers.
    package func killBackend(_ pid: Int32) {
      _ = Foundation.kill(pid, SIGKILL)
    }

    /// Ends the server for good and removes its files.
    package func stop() {
      guard let run = run.withLock({ $0 }) else { return }
      self.run.withLock { $0 = nil }
      try? run.lifeline.fileHandleForWriting.close()
      run.supervisor.waitUntilExit()
      try? FileManager.default.removeItem(atPath: socketFolder)
    }

    /// Starts the server, ends it when standard input ends, and then removes its folder. A server that ended by
    /// itself keeps its folder, to be started again. Foundation's children have SIGCHLD blocked, so that the shell
    /// must not `wait` for what it runs beside itself.
    private static let supervision = """
      folder=$1; shift
      exec 3<&0
      {
        read -r _ <&3
        : >"$folder/ended"
        for second in 1 2 3 4 5 6 7 8 9 10; do
          kill -QUIT "$(head -n 1 "$folder/data/postmaster.pid")" && break
          sleep 1
        done
      } 2>/dev/null &
      watch=$!
      "$@" </dev/null >>"$folder/log" 2>&1 3<&-
      if [ -e "$folder/ended" ]; then rm -rf "$folder"; else kill -9 $watch; fi
      """

    /// Only what makes tests quick or isolates them differs from a server as it comes.
    private var settings: [String] {
      [
        "unix_socket_directories=\(socketFolder)", "listen_addresses=127.0.0.1", "port=\(port)",
        "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200",
        // A container may have little shared memory.
        "dynamic_shared_memory_type=mmap",
      ].flatMap { ["-c", $0] }
    }

    /// Other users than `postgres` need a password over TCP.
    private static let access = """
      local all all trust
      host all postgres 127.0.0.1/32 trust
      host all all 127.0.0.1/32 scram-sha-256

      """

    private static let nobody: uid_t = 65_534

    /// What changes the user, if the tests run as root.
    private static let asUser =
      getuid() == 0
      ? ["setpriv", "--reuid=\(nobody)", "--regid=\(nobody)", "--clear-groups", "--"] : []

    private static func outcome(_ arguments: [String]) throws -> (status: Int32, output: String) {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = arguments
      let output = Pipe()
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = output
      process.standardError = output
      try process.run()
      let data = output.fileHandleForReading.readDataToEndOfFile()
      process.waitUntilExit()
      return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    /// Why there is no server.
    package struct Failure: Error, CustomStringConvertible {
      package let message: String
      package var description: String { message }
    }
  }

  /// A database of one test.
  package final class PostgresDatabase: Sendable {
    package let server: PostgresServer
    package let name: String

    init(server: PostgresServer, name: String) {
      self.server = server
      self.name = name
    }

    deinit {
      let (server, name) = (server, name)
      Thread.detachNewThread { _ = try? server.sql("DROP DATABASE \(name) WITH (FORCE)") }
    }

    /// Its address over the Unix socket.
    package var uri: String { server.uri(name) }

    /// Its address over TCP, through a port such as a proxy's.
    package func uri(port: Int, user: String = "postgres", password: String? = nil) -> String {
      "postgres://\(user)\(password.map { ":\($0)" } ?? "")@127.0.0.1:\(port)/\(name)"
    }

    /// Runs SQL with `psql`, beside what is tested. Blocks.
    @discardableResult
    package func sql(_ text: String) throws -> String { try server.sql(text, in: name) }
  }
#endif
