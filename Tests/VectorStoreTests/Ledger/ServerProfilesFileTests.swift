// ServerProfilesFile: for its user only, and never in the way when it is damaged.

import Foundation
import GRDB
import Logging
import TestSupport
import Testing

@testable import VectorStore

@Suite struct ServerProfilesFileTests {
  private static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  private static func profile(_ path: String = "/embeddings") -> ServerProfile {
    ServerProfile(form: RequestForm(path: path, sendsDimensions: false), dimensions: 384)
  }

  private static func file(_ folder: TemporaryFolder) -> ServerProfilesFile {
    ServerProfilesFile(besideLedger: folder.path("state/ledger.db"), logger: logger)
  }

  @Test func isForItsUserOnly() async throws {
    let folder = try TemporaryFolder()
    let file = Self.file(folder)
    #expect(await file.profile(ofServer: "http://localhost:1", model: "own") == nil)
    #expect(!FileManager.default.fileExists(atPath: folder.path("state")))
    await file.keep(Self.profile(), ofServer: "http://localhost:1", model: "own")
    let attributes = try FileManager.default.attributesOfItem(
      atPath: folder.path("state/servers.db"))
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    let found = await Self.file(folder).profile(ofServer: "http://localhost:1", model: "own")
    #expect(found?.form == Self.profile().form && found?.dimensions == 384)
    #expect(await Self.file(folder).profile(ofServer: "http://localhost:1", model: "other") == nil)
  }

  /// What cannot be read is learned again: a damaged file is set aside for a new one, and one that was
  /// never such a file is left as it is.
  @Test(arguments: [true, false])
  func aFileThatCannotBeReadDoesNoHarm(isDamaged: Bool) async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("state/servers.db")
    try await withLoopback(.server { $0.path = "/embeddings" }) { server in
      if isDamaged {
        await Self.file(folder).keep(Self.profile(), ofServer: "s", model: "m")
        var bytes = try Data(contentsOf: URL(filePath: path))
        bytes.replaceSubrange(100..., with: Data(repeating: 7, count: bytes.count - 100))
        try bytes.write(to: URL(filePath: path))
      } else {
        try folder.write("my own notes", to: "state/servers.db")
      }
      for name in ["a.db", "b.db"] {
        var openAI = OpenAIConfiguration()
        openAI.baseURL = server.url
        openAI.model = "own"
        openAI.dimensions = 384
        var configuration = StoreConfiguration(
          mode: .real, service: try OpenAIService(configuration: openAI))
        configuration.budget.ledgerPath = folder.path("state/ledger.db")
        let store = try await Store(path: folder.path(name), configuration: configuration)
        let report = try await store.add([Document(text: "one"), Document(text: "two")])
        #expect(report.documents == .init(added: 2))
        try await store.close()
      }
      // The usual address, the probe and the texts; the second store knows the address if that could be kept.
      #expect(server.embeddingRequests.count == (isDamaged ? 4 : 6))
    }
    #expect(FileManager.default.fileExists(atPath: path + ".damaged") == isDamaged)
    if !isDamaged { #expect(try String(contentsOfFile: path, encoding: .utf8) == "my own notes") }
  }

  @Test func aProfileThatIsNoneIsNothing() async throws {
    let folder = try TemporaryFolder()
    let file = Self.file(folder)
    await file.keep(Self.profile(), ofServer: "s", model: "m")
    let database = try DatabaseQueue(path: folder.path("state/servers.db"))
    try await database.write { try $0.execute(sql: "UPDATE servers SET profile = '{\"form\": 1}'") }
    #expect(await file.profile(ofServer: "s", model: "m") == nil)
  }
}
