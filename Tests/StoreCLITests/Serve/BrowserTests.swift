import Foundation
import TestSupport
import Testing
import VectorStore

@testable import StoreCLI

/// The page in a real browser, headless Chromium.
@Suite struct BrowserTests {
  static let browser = [
    "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ].first { FileManager.default.isExecutableFile(atPath: $0) }

  /// A page as it is after its script has run.
  private static func document(of address: String, _ folder: TemporaryFolder) async throws -> String
  {
    let file = folder.url.appending(path: UUID().uuidString)
    try Data().write(to: file)
    let process = Process()
    process.executableURL = URL(filePath: try #require(browser))
    process.arguments = [
      "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
      "--user-data-dir=\(folder.path("profile"))", "--virtual-time-budget=8000", "--timeout=60000",
      "--dump-dom", address,
    ]
    process.standardOutput = try FileHandle(forWritingTo: file)
    process.standardError = FileHandle.nullDevice
    _ = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do {
        try process.run()
      } catch {
        continuation.resume(throwing: error)
      }
    }
    return String(decoding: try Data(contentsOf: file), as: UTF8.self)
  }

  @Test(.enabled(if: browser != nil, "there is no Chromium"))
  func thePageSearchesAndRunsNothingOfDocuments() async throws {
    let served = try await ServedStore()
    let hostile =
      #"<img src=x onerror="document.title='owned'"> a port <script>document.title='owned'</script>"#
    try await served.store.add([Document(id: "<b>hostile</b>", text: hostile)])
    let address = "http://127.0.0.1:\(served.server.port)/"
    let page = try await Self.document(
      of: "\(address)#question=which+port%3F&rank=both", served.folder)
    #expect(page.contains("listens on <mark>port</mark> 8080."), "\(page.suffix(3000))")
    #expect(page.contains("&lt;b&gt;hostile&lt;/b&gt;:1"))
    #expect(
      page.contains("<title>store</title>") && page.contains("default: 2 documents (words only)"))
    #expect(!page.contains("<img") && page.components(separatedBy: "<script>").count == 2)
    // A page of another origin, as a file is one.
    let foreign = try served.folder.write(
      """
      <body>waiting<script>
      const ask = (path, options) => fetch('\(address)' + path, options).then(
        (answer) => answer.text()).then((text) => 'read ' + text, () => 'refused');
      Promise.all([ask('api/documents'), ask('healthz'), ask('mcp', {method: 'POST', mode: 'no-cors', body: '{}'})])
        .then((all) => { document.body.textContent = all.join('; '); });
      </script></body>
      """, to: "foreign.html")
    let outcome = try await Self.document(of: "file://\(foreign)", served.folder)
    // The last is sent without asking, and its answer kept from the page.
    #expect(outcome.contains("refused; refused; refused"), "\(outcome)")
    #expect(served.lines.suffix(3).allSatisfy { $0.contains(" 403 ") }, "\(served.lines.suffix(4))")
    try await served.end()
  }
}
