#if Postgres
  import Foundation
  import Testing
  import VectorStorePostgres

  @Suite struct PostgresAddressTests {
    @Test func takesOwnParametersOffAndLeavesTheRest() throws {
      let address = try PostgresAddress(
        "postgres://me@db.example:5433/notes?sslmode=require&schema=team_1&folder=%2Fhome%2Fme&application_name=x%20y"
      )
      #expect(address.schema == "team_1")
      #expect(address.folder == "/home/me")
      #expect(
        address.connection
          == "postgres://me@db.example:5433/notes?sslmode=require&application_name=x%20y")
      #expect(
        address.description == "postgres://me@db.example:5433/notes?schema=team_1&folder=/home/me")
    }

    @Test func hasDefaults() throws {
      let address = try PostgresAddress("postgresql:///notes")
      #expect(address.schema == "vector_store")
      #expect(address.folder == nil)
      #expect(address.connection == "postgresql:///notes")
    }

    @Test func keepsSeveralHostsAndSockets() throws {
      let several = try PostgresAddress("postgres://me@a:1,b:2/notes?target_session_attrs=any")
      #expect(several.description == "postgres://me@a:1,b:2/notes?schema=vector_store")
      let socket = try PostgresAddress("postgres://me@%2Ftmp%2Fpg:6000/notes")
      #expect(socket.description == "postgres://me@%2Ftmp%2Fpg:6000/notes?schema=vector_store")
      let version6 = try PostgresAddress("postgres://[::1]:6000/notes")
      #expect(version6.description == "postgres://[::1]:6000/notes?schema=vector_store")
    }

    @Test(arguments: [
      "/tmp/notes.db", "http://host/db", "postgres://me@host:port/db",
      "postgres://me@host/db?nonsense=1",
      "postgres://me@host/db?schema=", "postgres://me@host/db?schema=a-b",
      "postgres://me@host/db?schema=pg_x", "postgres://me@host/db?schema=a&schema=b",
      "postgres://me@host/db?folder=",
      "postgres://me@host/db?schema=\(String(repeating: "a", count: 64))",
      "postgres://me@ho%zzst/db", "postgres://host/d\u{0}b", "postgres://host/db?schema=é",
    ])
    func refuses(_ text: String) throws {
      let error = try postgresError { _ = try PostgresAddress(text) }
      #expect(error?.kind == .address, "\(text): \(String(describing: error))")
    }

    @Test func saysWhatIsWrong() throws {
      func message(_ text: String) throws -> String {
        try postgresError { _ = try PostgresAddress(text) }?.description ?? ""
      }
      #expect(
        try message("postgres://host/db?nonsense=1")
          == "the address of the PostgreSQL server cannot be read: invalid URI query parameter: \"nonsense\"; expected postgres://user@host:port/database, with special characters such as @, / and ? written as %40, %2F and %3F"
      )
      #expect(
        try message("postgres://host/db?schema=a-b")
          == "the schema \"a-b\" is not a name of 1 to 63 letters (a to z), digits and _; choose such a name, as in schema=team_notes"
      )
      #expect(try message("postgres://host:nine/db").contains("invalid port: \"nine\""))
    }

    /// Passwords with every character that cuts an address short, encoded and not.
    @Test(arguments: [
      "postgres://me:S3CRET@host/db", "postgres://me:S3CRET%40x@host/db",
      "postgres://me:S3@CRET@host/db",
      "postgres://me:S3/CRET@host/db", "postgres://me:S3?CRET@host/db",
      "postgres://me:S3%zzCRET@host/db",
      "postgres://me:S3:CRET@host/db", "postgres://me:S3#CRET@host/db",
      "postgres://me:S3[CRET]@host/db",
      "postgres://host/db?password=S3CRET", "postgres://host/db?passwort=S3CRET",
      "postgres://host/db?password=S3=CRET", "postgres://me:S3&schema=CRET@host/db",
      "postgres://me:S3?schema=CRET@host/db", "postgres://me:S3?folder=CRET@host/db",
    ])
    func neverShowsPassword(_ text: String) {
      let shown: String
      do { shown = try PostgresAddress(text).description } catch { shown = "\(error)" }
      #expect(!shown.contains("S3"), "\(shown)")
      #expect(!shown.contains("CRET"), "\(shown)")
      do {
        let connection = try PostgresConnection(
          text.replacing("host", with: "127.0.0.1:1"), timeouts: .init(connect: .seconds(2)))
        connection.close()
        Issue.record("nothing listens there")
      } catch {
        #expect(!"\(error)".contains("S3"), "\(error)")
        #expect(!"\(error)".contains("CRET"), "\(error)")
      }
    }
  }
#endif
