import Foundation
import GRDB
import TestSupport
import Testing
@testable import VectorStore

/// What a filter selects, against the naive oracle, and by which way SQLite finds it.
@Suite struct FilterSelectionTests {
  /// A store's tables with documents of one to three chunks in two collections.
  struct Fixture {
    var collections: [CollectionRecord] = []
    var documents: [Int64: NaiveDocument] = [:]
    /// The chunks' documents and ordinals.
    var chunks: [Int64: (document: Int64, ordinal: Int)] = [:]

    init(seed: UInt64, documents count: Int, _ db: any SQLTransaction) throws {
      var random = RandomFilters(seed: seed)
      var words = SearchTable.Changes()
      let target = MockService().space
      collections = try ["first", "second"].map {
        try CollectionsTable.findOrCreate($0, target: target, db)
      }
      for index in 0..<count {
        let collection = random.pick(collections)
        let known = documents.values.contains {
          $0.collection == collection.name && $0.source == RandomFilters.sources[0]
        }
        let document = NaiveDocument(
          source: index < 4 && !known
            ? RandomFilters.sources[index] : "\(index)\(random.pick(RandomFilters.sources))",
          collection: collection.name, added: random.pick(RandomFilters.times),
          metadata: random.metadata())
        let chunks = Int.random(in: 1...3, using: &random.random)
        let prepared = CutDocument(
          source: document.source, origin: .text, format: .text,
          metadata: try MetadataJSON.encode(document.metadata),
          chunks: (0..<chunks).map { _ in CutChunk() })
        let id = try #require(
          try DocumentsTable.insert(
            prepared, collection: collection.id, answers: true, run: 1, now: document.added,
            db))
        documents[id] = document
        for (ordinal, chunk) in prepared.chunks.enumerated() {
          let chunk = try ChunksTable.insert(
            chunk, ordinal: ordinal, document: id, failure: nil, &words, db)
          self.chunks[chunk] = (id, ordinal)
        }
      }
    }

    /// What the oracle says: the chunks of a collection that pass.
    func passing(_ filter: Filter, in collection: String) -> [Int64] {
      chunks.filter { _, place in
        documents[place.document].map {
          $0.collection == collection && $0.passes(filter, ordinal: place.ordinal)
        } ?? false
      }.keys.sorted()
    }
  }

  @Test(arguments: (1...24).map(UInt64.init))
  func agreesWithTheNaiveOracle(seed: UInt64) async throws {
    try await withStore { store, _ in
      try await store.file.write { db in
        let fixture = try Fixture(seed: seed, documents: 60, db)
        var random = RandomFilters(seed: seed &+ 1000)
        for number in 0..<50 {
          let filter = random.filter()
          let collection = random.pick(fixture.collections)
          let selection = try FilterSelection(filter, collection: collection, db)
          let expected = fixture.passing(filter, in: collection.name)
          let found = try selection.chunkIDs(db)
          #expect(found == expected, "seed \(seed), filter \(number): \(filter)")
          let checked = try Int64.fetchAll(
            db,
            sql: "SELECT id FROM chunks k WHERE \(selection.condition(chunk: "k.id")) ORDER BY id",
            arguments: SQLArguments(selection.arguments))
          #expect(checked == expected, "seed \(seed), filter \(number): \(filter)")
          let ids = try Int64.fetchAll(
            db, sql: selection.sql, arguments: SQLArguments(selection.arguments))
          #expect(Set(ids).count == ids.count, "seed \(seed), filter \(number): \(filter)")
        }
      }
    }
  }

  /// How SQLite goes about a filter, a line a step.
  private static func plan(_ text: String, _ db: any SQLTransaction) throws -> String {
    let collection = try CollectionsTable.require("first", db)
    let selection = try FilterSelection(Filter(parsing: text), collection: collection, db)
    return try db.rows(bulk: "EXPLAIN QUERY PLAN " + selection.sql, selection.arguments) {
      try $0.text(3)
    }.joined(separator: "\n")
  }

  @Test(.aboutFiles) func selectiveConditionsAreFoundByTheIndex() async throws {
    try await withStore { store, _ in
      try await store.file.write { db in
        _ = try Fixture(seed: 1, documents: 60, db)
        let byValue =
          "USING COVERING INDEX document_fields_by_value (collection_id=? AND key=? AND value"
        for (text, step) in [
          ("lang = 'de'", byValue + "=?"), ("lang in ('de', 'en')", byValue + "=?"),
          ("year >= 2020", byValue + ">? AND value<?"), ("year < 2020", byValue + "<?"),
          ("lang >= 'de'", byValue + ">? AND value<?"),
          ("day like '2026-%'", byValue + ">? AND value<?"),
          ("lang like 'de%'", byValue + ">? AND value<?"),
          ("exists lang", "(collection_id=? AND key=?)"),
          ("source = 'x'", "(collection_id=? AND source=?)"),
          ("source like 'docs/%'", "(collection_id=? AND source>? AND source<?)"),
          ("lang = 'de' or year = 2020", byValue + "=?"),
          ("not tags = 'x' and lang = 'de'", byValue + "=?"),
          ("added > '2026-01-01' and (lang = 'de' or lang = 'en' or year = 3)", byValue + "=?"),
          ("ordinal = 0 and lang = 'de'", byValue + "=?"),
          (
            "year > 3 and lang in ('de', 'en')",
            "USING PRIMARY KEY (document_id=? AND key=? AND value"
          ),
        ] {
          let plan = try Self.plan(text, db)
          #expect(plan.contains(step), "\(text):\n\(plan)")
          #expect(!plan.contains("SCAN d"), "\(text):\n\(plan)")
          #expect(!plan.contains("SCAN f"), "\(text):\n\(plan)")
        }
      }
    }
  }

  @Test func theRarerConditionLeadsTheWay() async throws {
    try await withStore { store, _ in
      try await store.file.write { db in
        var documents: [Int64] = []
        let collection = try CollectionsTable.findOrCreate("first", target: MockService().space, db)
        for index in 0..<300 {
          let document = CutDocument(
            source: "\(index)", origin: .text, format: .text,
            metadata: "{\"lang\":\"de\",\"n\":\(index)}", chunks: [])
          try documents.append(
            #require(
              try DocumentsTable.insert(
                document, collection: collection.id, answers: true, run: 1, now: "", db)))
        }
        for text in [
          "lang = 'de' and n < 3", "n < 3 and lang = 'de'",
          "lang like '%nothing' and n < 3 or n < 3",
          "n < 3 and not exists x and lang like '%e'",
        ] {
          let selection = try FilterSelection(Filter(parsing: text), collection: collection, db)
          let leading = selection.arguments.lazy.compactMap {
            if case .text(let text) = $0 { text } else { nil as String? }
          }.first
          #expect(leading == "n", "\(text): \(selection.sql)")
          let ids = try Int64.fetchAll(
            db, sql: selection.sql, arguments: SQLArguments(selection.arguments))
          #expect(ids.sorted() == Array(documents.prefix(3)))
        }
      }
    }
  }

  @Test func nothingThatIsWrittenBecomesSQL() async throws {
    try await withStore { store, _ in
      try await store.file.write { db in
        let fixture = try Fixture(seed: 2, documents: 40, db)
        let before = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM documents")
        let evil = [
          "') OR 1=1 --", "'; DROP TABLE documents; --", "x\" OR \"1\"=\"1", "?", "?1", ":a", "/*",
          "x''",
        ]
        for text in evil {
          for filter: Filter in [
            .equals(.metadata([text]), text), .like(.metadata(["lang"]), text),
            .equals(.source, text), .oneOf("lang", [.string(text)]),
            .exists(.metadata([text])),
            .equals(.collection, text),
          ] {
            let read = try Filter(parsing: filter.description)
            #expect(read == filter)
            let selection = try FilterSelection(read, collection: fixture.collections[0], db)
            #expect(text.count < 4 || !selection.sql.contains(text))
            #expect(try selection.chunkIDs(db).isEmpty, "\(filter)")
          }
        }
        #expect(try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM documents") == before)
      }
    }
  }

  /// The largest filters that are taken are also run.
  @Test(.aboutFiles) func limitsAreWhatSQLiteTakes() async throws {
    try await withStore { store, _ in
      try await store.file.write { db in
        let fixture = try Fixture(seed: 3, documents: 12, db)
        let many = (0..<FilterRules.maximumConditions)
        let values = (0..<FilterRules.maximumValues).map { MetadataValue.integer(Int64($0)) }
        // Two branches at each level, as deep as may be.
        var deep: Filter = .equals("a", 1)
        for level in 1..<FilterRules.maximumDepth - 4 {
          let twin: Filter = .or(.exists("b"), .not(.exists("lang")))
          deep =
            level % 2 == 0
            ? .or(.and(twin, .exists("tags")), deep)
            : .and(.or(.exists("year"), .exists("b")), deep)
        }
        var filters: [Filter] = [.oneOf("year", values), .not(.oneOf("lang", values)), deep, !deep]
        for build in [
          { (n: Int) in Filter.equals(.metadata(["k\(n)"]), "x") },
          { (n: Int) in Filter.like(.metadata(["k\(n)"]), "abcd%") },
          { (n: Int) in Filter.notEquals(.metadata(["k\(n)"]), 1) },
          { (n: Int) in !Filter.greater("added", "2026-11-25") },
          { (n: Int) in Filter.less("ordinal", n) },
        ] {
          filters += [Filter.all(many.map(build)), Filter.any(many.map(build))].compactMap { $0 }
        }
        filters.append(
          .like("lang", String(repeating: "%a", count: FilterRules.maximumPattern / 2)))
        for filter in filters {
          try filter.check()
          #expect(try Filter(parsing: filter.description) == filter)
          let found = try FilterSelection(filter, collection: fixture.collections[0], db).chunkIDs(
            db)
          #expect(
            found == fixture.passing(filter, in: "first"), "\(filter.description.prefix(200))")
        }
      }
    }
  }
}

extension FilterSelection {
  /// The ids of all chunks that pass, rising.
  fileprivate func chunkIDs(_ db: any SQLTransaction) throws -> [Int64] {
    try Int64.fetchAll(
      db, sql: "\(chunks) ORDER BY 1", arguments: SQLArguments(arguments))
  }
}
