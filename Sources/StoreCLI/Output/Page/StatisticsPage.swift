// The report of `stats` as one HTML file: head, summary, a section for each space, footer.

import Foundation
import VectorStore

/// A ``StatisticsReport`` as a page for people: the verdict first, then plots, lists and all figures.
///
///     let report = try await store.statistics()
///     let page = StatisticsPage(report, store: "notes.db").html
///
/// The page is one file that loads nothing and may run no script but its own, whose hash stands in its
/// policy. It is light or dark as the reader's system is, and fits phones. Texts of documents are
/// escaped. The map needs ``StatisticsOptions/mapRows`` above 0.
struct StatisticsPage: Sendable {
  private let report: StatisticsReport
  private let store: String
  private let version: String?

  /// Creates the page of a report.
  ///
  /// - Parameters:
  ///   - store: what the store is called on the page, as its file's name.
  ///   - version: the version of the program that made it, for the footer.
  init(_ report: StatisticsReport, store: String, version: String? = nil) {
    self.report = report
    self.store = store
    self.version = version
  }

  /// Writes the page to a file, whole or not at all. A new file is for this user only.
  ///
  /// - Throws: ``StoreError/Code/inputOutput``.
  func write(to path: String) throws {
    do throws(InterchangeError) {
      let file = try AtomicFile(path: path)
      let bytes = Array(html.utf8)
      let outcome = bytes.withUnsafeBytes { bytes in
        Result { () throws(InterchangeError) in try file.write(bytes) }
      }
      try outcome.get()
      try file.commit()
    } catch {
      throw StoreError(
        .inputOutput, "the page cannot be written to \(error)", underlying: error)
    }
  }

  /// The whole file, in UTF-8.
  ///
  /// - Complexity: O(rows on the map), some 300 bytes each.
  var html: String {
    let sections = report.spaces.enumerated().map { index, space in
      SpaceSection(figures: space, anchor: "space-\(index + 1)").html
    }
    let retrieval = report.retrieval.map { RetrievalSection(quality: $0).html } ?? ""
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta http-equiv="Content-Security-Policy" content="\(Self.policy)">
      <title>Vectors of \(HTMLText.escaped(store))</title>
      <style>\(PageStyle.css)</style>
      </head>
      <body>
      \(SpaceSection.markShapes)
      <header>
      <h1>How good are the vectors of \(HTMLText.isolated(store))?</h1>
      \(summary)</header>
      <main>
      \(contents)\(retrieval)\(canary)\(sections.joined())\(refusals)</main>
      \(footer)
      <div id="tip" role="status" hidden></div>
      <script>\(PageStyle.script)</script>
      </body>
      </html>

      """
  }

  /// Nothing is loaded, and no script runs but the page's own.
  private static let policy: String = {
    let hash = SHA256.hash(Data(PageStyle.script.utf8)).base64EncodedString()
    return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(hash)'; "
      + "base-uri 'none'; form-action 'none'"
  }()

  private var summary: String {
    guard let level = report.spaces.map(\.verdict.level).max() else {
      let words = "There are no vectors\(scope) yet, so there is nothing to judge."
      return "<p class=\"lead\">\(words)</p>\n"
    }
    let words =
      switch level {
      case .good: "Good: search has what it needs."
      case .watch: "To watch: search works, and something is worth knowing."
      case .bad: "Bad: search suffers; see why below."
      }
    let rows = report.spaces.reduce(0) { $0 + $1.rows }
    let spaces = ReportFormat.counted(report.spaces.count, "space")
    return """
      <p class="lead \(level.rawValue)">\(SpaceSection.badge(level)) \(words)</p>
      <p class="size">\(ReportFormat.counted(rows, "vector"))\(scope), \(spaces).</p>

      """
  }

  private var scope: String {
    report.collection.map { " in the collection \(HTMLText.isolated($0))" } ?? ""
  }

  /// A table of contents, where there is more than one section.
  private var contents: String {
    var entries = report.spaces.enumerated().map { index, space in
      """
      <li><a href="#space-\(index + 1)">\(HTMLText.escaped(space.space.name))</a> \
      \(SpaceSection.badge(space.verdict.level)) \(ReportFormat.counted(space.rows, "row"))</li>
      """
    }
    if report.canary?.level != nil {
      entries.insert("<li><a href=\"#canary\">Canary</a></li>", at: 0)
    }
    if report.retrieval != nil {
      entries.insert("<li><a href=\"#retrieval\">Retrieval self-test</a></li>", at: 0)
    }
    guard entries.count > 1 else { return "" }
    return "<nav aria-label=\"Contents\"><ul>\(entries.joined(separator: "\n"))</ul></nav>\n"
  }

  private var canary: String {
    guard let canary = report.canary, let level = canary.level else { return "" }
    let rows = canary.rows.prefix(5).map { row in
      "<li><span class=\"value\">\(ReportFormat.fixed(row.cosine, 6))</span>"
        + "<div>\(SpaceSection.passage(row.chunk))</div></li>\n"
    }
    return """
      <section id="canary" aria-labelledby="canary-name">
      <h2 id="canary-name">Canary \(SpaceSection.badge(level))</h2>
      <p>\(HTMLText.escaped(canary.message))</p>
      <p class="size">\(ReportFormat.counted(canary.texts, "text")) of \(HTMLText.escaped(canary.space.name)), \
      embedded again; the number is the cosine to the stored vector, the least first.</p>
      <ul class="passages">\(rows.joined())</ul></section>

      """
  }

  private var refusals: String {
    var items = report.refused.map { refusal in
      "<li>\(ReportFormat.counted(refusal.rows, "row")) refused with <code>"
        + "\(HTMLText.escaped(refusal.code.rawValue + (refusal.reason.map { "/" + $0 } ?? "")))</code>, by "
        + "\(ReportFormat.counted(refusal.runs, "command"))</li>"
    }
    if report.chunksWithoutVector > 0 {
      items.append(
        "<li>\(ReportFormat.counted(report.chunksWithoutVector, "chunk")) without a vector: pending, or "
          + "refused by the service</li>")
    }
    guard !items.isEmpty else { return "" }
    return """
      <section aria-label="What has no vector"><h2>What has no vector</h2><ul class="plain">\
      \(items.joined())</ul></section>

      """
  }

  private var footer: String {
    let program = "vector-store" + (version.map { " \(HTMLText.escaped($0))" } ?? "")
    return """
      <footer><p>Made by \(program) at <time>\(Format.timestamp(report.at))</time> from \
      \(HTMLText.isolated(store)), measured in \(ReportFormat.fixed(report.duration.inSeconds, 1)) s. \
      The same figures for programs: <code>store stats --json</code>.</p></footer>
      """
  }
}
