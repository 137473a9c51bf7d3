// One store for several folders: each file is one document, however and from wherever it is added.

import Foundation
import TestSupport
import Testing

@testable import VectorStore

/// Opens a store as somebody does who stands in a folder.
func withStore<T>(
  _ path: String, from folder: String, service: (any EmbeddingService)? = nil,
  _ body: (Store) async throws -> T
) async throws -> T {
  var configuration = StoreConfiguration(mode: service == nil ? .mock : .real, service: service)
  configuration.workingFolder = folder
  configuration.budget.ledgerPath = path + "-ledger"
  configuration.budget.hourlyRequestLimit = .unlimited
  let store = try await Store(path: path, configuration: configuration)
  let result = try await body(store)
  try await store.close()
  return result
}

@Suite struct OneSourceTests {
  /// One project's README.md replaced the other's, and pruning removed what lay elsewhere.
  @Test func twoProjectsWithTheSameNamesShareAStore() async throws {
    let folder = try TemporaryFolder()
    let (path, p, q) = (folder.path("s.db"), folder.path("p"), folder.path("q"))
    for project in ["p", "q"] {
      try folder.write("the readme of \(project)", to: "\(project)/README.md")
      try folder.write("the notes of \(project)", to: "\(project)/docs/notes.md")
    }
    let all = ["p/README.md", "p/docs/notes.md", "q/README.md", "q/docs/notes.md"]
    func check(_ step: String, _ report: AddReport, _ documents: AddReport.Documents) async throws {
      #expect(report.documents == documents, "\(step)")
      #expect(report.gone.isEmpty && report.errors.isEmpty, "\(step): \(report.warnings)")
    }
    try await withStore(path, from: p) {
      try await check("p", try await $0.add(paths: ["README.md", "docs"]), .init(added: 2))
    }
    try await withStore(path, from: q) {
      try await check("q", try await $0.add(paths: ["."]), .init(added: 2))
    }
    var prune = AddOptions()
    prune.prunes = true
    let steps: [(from: String, paths: [String], seen: Int)] = [
      (p, ["."], 2), (p, [p], 2), (p, ["../p"], 2), (p, ["docs/../docs/", "./README.md"], 2),
      (p + "/docs", ["notes.md", "../README.md"], 2), (q + "/docs", ["."], 1),
      (q, ["../q/docs"], 1),
      (folder.url.path, ["p", "q//"], 4), ("/", [p, q + "/README.md"], 3),
    ]
    for (from, paths, seen) in steps where seen > 0 {
      let report = try await withStore(path, from: from) {
        try await $0.add(paths: paths, options: prune)
      }
      try await check("\(paths) from \(from)", report, .init(unchanged: seen))
    }
    try await withStore(path, from: q) { (store: Store) async throws -> Void in
      #expect(try await store.list().map(\.source).sorted() == all)
      #expect(try await store.query("the readme of p").hits.first?.source == "p/README.md")
      #expect(try await store.query("the readme of q").hits.first?.source == "q/README.md")
      for spelling in [
        "README.md", "./README.md", "../q/README.md", q + "/README.md", "docs/../README.md",
        "q/README.md", "README.md:1",
      ] {
        #expect(try await store.get(spelling)?.text == "the readme of q", "\(spelling)")
      }
      #expect(try await store.get("p/README.md")?.text == "the readme of p")
      #expect(try await store.get("../p/README.md")?.summary.path == p + "/README.md")
      for filter in ["source = 'README.md'", "source in ('./README.md')", "source like '\(q)/R%'"] {
        #expect(
          try await store.list(filter: try Filter(parsing: filter)).map(\.source)
            == ["q/README.md"], "\(filter)")
      }
      #expect(try await store.list(filter: try Filter(parsing: "source like 'docs/%'")).count == 1)
      #expect(try await store.similarSources(to: "REDME.md") == ["../p/README.md", "README.md"])
      #expect(try await store.remove(["docs/notes.md", "nothing"]).notFound == ["nothing"])
      #expect(try await store.remove(below: "../p").documents == 2)
      #expect(try await store.list().map(\.source) == ["q/README.md"])
    }
    try expectWhole(path)
  }

  @Test func aTextMayHaveTheNameOfAFile() async throws {
    try await withStore { store, folder in
      let path = try folder.write("words of the file", to: "a.md")
      try await store.add(paths: [path])
      try await store.add([Document(id: "a.md", text: "words of the text")])
      try await store.add([Document(id: "./b//c", text: "an id as it is")])
      #expect(try await store.list().map(\.path) == [nil, nil, path])
      #expect(try await store.get("a.md")?.text == "words of the text")
      #expect(try await store.get(path)?.text == "words of the file")
      #expect(try await store.get("./b//c")?.text == "an id as it is")
      #expect(try await store.get("b/c") == nil)
      let answer = try await store.query("words", options: .init(lexical: true))
      #expect(Set(answer.hits.map(\.path)) == [path, nil])
      #expect(try await store.remove(["a.md"]).documents == 1)
      // Then the name means the file.
      #expect(try await store.get("a.md", in: "default")?.text != "words of the text")
      #expect(try await store.get(path)?.text == "words of the file")
      #expect(try await store.add(paths: [path]).documents == .init(unchanged: 1))
    }
  }

  /// A text and a file of one name, in several collections, stand on two pages; none is lost or comes twice.
  @Test(arguments: 1...4) func pagesAreWholeWhateverTheirSize(_ limit: Int) async throws {
    try await withStore { store, folder in
      for name in ["a.md", "b.md", "c.md"] {
        let path = try folder.write("the file \(name)", to: name)
        for collection in ["one", "two"] {
          try await store.add(paths: [path], to: collection)
          try await store.add([Document(id: name, text: "the text \(name)")], to: collection)
        }
      }
      try await store.add([Document(id: "z", text: "a text alone")], to: "three")
      func pages(
        in collection: String?, filter: Filter? = nil
      ) async throws -> [DocumentSummary] {
        var (all, page): ([DocumentSummary], [DocumentSummary]) = ([], [])
        repeat {
          page = try await store.list(
            in: collection, filter: filter, after: page.last, limit: limit)
          #expect(page.count <= limit)
          all += page
        } while !page.isEmpty
        return all
      }
      let all = try await store.list()
      #expect(all.count == 13 && Set(all).count == 13)
      #expect(try await pages(in: nil) == all)
      #expect(try await pages(in: "two") == all.filter { $0.collection == "two" })
      let files = try Filter(parsing: "source like '%.md' and title = 'b'")
      #expect(try await pages(in: nil, filter: files) == store.list(filter: files))
    }
  }

  @Test func filesOutsideTheStoresFolderHaveAbsoluteSources() async throws {
    let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
    let path = try other.write("far away", to: "x/far.md")
    try await withStore(folder.path("s.db"), from: other.path("x")) { store in
      try await store.add(paths: ["far.md"])
      let real = URL(filePath: path).resolvingSymlinksInPath().path
      #expect(try await store.list().map(\.source) == [real])
      #expect(try await store.get("far.md") != nil)
      symlink(other.path("x"), other.path("link"))
      #expect(try await store.add(paths: ["../link"]).documents == .init(unchanged: 1))
    }
  }

  @Test func hitsSayWhatBecameOfTheirFiles() async throws {
    try await withStore { store, folder in
      for name in ["a", "b", "c"] { try folder.write("walrus \(name)", to: "\(name).md") }
      try await store.add(paths: [folder.url.path])
      try await store.add([Document(id: "text", text: "walrus text")])
      func states() async throws -> [String: Hit.FileState?] {
        let hits = try await store.query("walrus").hits
        return Dictionary(uniqueKeysWithValues: hits.map { ($0.source, $0.fileState) })
      }
      #expect(try await states() == ["a.md": nil, "b.md": nil, "c.md": nil, "text": nil])
      try folder.write("walrus b and more", to: "b.md")
      try FileManager.default.removeItem(atPath: folder.path("c.md"))
      #expect(try await states() == ["a.md": nil, "b.md": .changed, "c.md": .gone, "text": nil])
      try await store.update(options: UpdateOptions(prunes: true))
      #expect(try await states() == ["a.md": nil, "b.md": nil, "text": nil])
      // A new time and the same text: nothing is embedded, and the time is kept.
      let past = [FileAttributeKey.modificationDate: Date(timeIntervalSince1970: 1e9)]
      try FileManager.default.setAttributes(past, ofItemAtPath: folder.path("a.md"))
      #expect(try await states()["a.md"] == .changed)
      #expect(try await store.update()[0].report.documents == .init(unchanged: 2))
      #expect(try await states()["a.md"] == .some(nil))
    }
  }

  /// Whether a folder can hold both forms of a name; a Mac's cannot.
  private static func keepsForms() throws -> Bool {
    let folder = try TemporaryFolder()
    for name in ["e\u{301}.md", "\u{E9}.md"] { try folder.write("text", to: name) }
    return try FileManager.default.contentsOfDirectory(atPath: folder.path(".")).count == 2
  }

  @Test(
    .enabled("needs a file system that keeps accents as they were written") { try keepsForms() })
  func namesThatDifferInAccentsOnlyAreOneSource() async throws {
    try await withStore { store, folder in
      try folder.write("decomposed", to: "d/e\u{301}.md")
      try await store.add(paths: [folder.path("d")])
      #expect(try await store.get(folder.path("d/\u{E9}.md"))?.text == "decomposed")
      try folder.write("composed", to: "d/\u{E9}.md")
      let report = try await store.add(paths: [folder.path("d")])
      #expect(report.errors.count == 1 && report.errors[0].message.contains("accents"))
      #expect(try await store.list().count == 1)
    }
  }
}
