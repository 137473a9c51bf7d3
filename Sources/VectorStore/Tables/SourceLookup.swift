// From a source as somebody typed it to the document that it means: the one place that knows.

import VectorStoreText

/// Finds documents of a collection by what somebody calls them.
struct SourceLookup: Sendable {
  let identity: SourceIdentity
  /// The collection's row id.
  let collection: Int64

  /// The row id of the document that is meant: a text of this id; else the file that this path leads to from
  /// the working folder; else the file of this source, as it is stored.
  func document(_ typed: String, _ db: any SQLTransaction) throws -> Int64? {
    if let id = try find(typed, isFile: false, db) { return id }
    return try find(identity.source(of: typed), isFile: true, db) ?? find(typed, isFile: true, db)
  }

  /// The same, also by a place as a query shows it: `docs/a.md:12`.
  func documentOrPlace(_ typed: String, _ db: any SQLTransaction) throws -> Int64? {
    try document(typed, db) ?? Self.withoutLine(typed).flatMap { try document($0.source, db) }
  }

  private func find(_ source: String, isFile: Bool, _ db: any SQLTransaction) throws -> Int64? {
    try DocumentsTable.id(
      collection: collection, DocumentKey(source: source, isFile: isFile), db)
  }

  /// The source and the line of a place as a query shows it, `docs/a.md:12`; nil if it is none.
  static func withoutLine(_ typed: String) -> (source: String, line: Int)? {
    guard let colon = typed.utf8.lastIndex(of: UInt8(ascii: ":")), colon > typed.startIndex,
      let line = Int(typed[typed.utf8.index(after: colon)...]), line > 0
    else { return nil }
    return (String(typed[..<colon]), line)
  }

  /// Sources of the collection that somebody may have meant, the likeliest first, as they are written in the
  /// working folder: of the same name in another folder, or with one or two letters different.
  ///
  /// - Complexity: reads the sources of all documents.
  func similar(to typed: String, limit: Int = 3, _ db: any SQLTransaction) throws -> [String] {
    func name(_ source: String) -> Substring {
      source.lastIndex(of: "/").map { source[source.index(after: $0)...] } ?? source[...]
    }
    let wanted = typed.lowercased()
    let wantedName = name(wanted)
    var found: [(cost: Int, key: DocumentKey)] = []
    for document in try DocumentsTable.all(collection: collection, .all, db) {
      let source = document.key.source.lowercased()
      let distance = Self.edits(from: wanted, to: source, atMost: 2)
      let nameDistance = Self.edits(from: String(wantedName), to: String(name(source)), atMost: 2)
      guard let cost = [distance, nameDistance.map { $0 + 1 }].compactMap({ $0 }).min() else {
        continue
      }
      found.append((cost, document.key))
    }
    found.sort { ($0.cost, $0.key.source) < ($1.cost, $1.key.source) }
    return found.prefix(limit).map { [identity] in
      $0.key.isFile ? identity.shown(source: $0.key.source) : $0.key.source
    }
  }

  /// How many letters have to be put in, taken out or changed (Levenshtein); nil if more than `limit`, or more
  /// than half of the text.
  private static func edits(from text: String, to other: String, atMost limit: Int) -> Int? {
    let (a, b) = (Array(text.utf8), Array(other.utf8))
    let limit = min(limit, min(a.count, b.count) / 2)
    guard abs(a.count - b.count) <= limit else { return nil }
    var row = Array(0...b.count)
    for i in 0..<a.count {
      var diagonal = row[0]
      row[0] = i + 1
      for j in 0..<b.count {
        let cost = diagonal + (a[i] == b[j] ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(cost, row[j] + 1, diagonal + 1)
      }
      guard row.min() ?? 0 <= limit else { return nil }
    }
    return row[b.count] <= limit ? row[b.count] : nil
  }
}
