// One line of JSONL to one document: which fields there are and what each may hold.

/// Reads documents from lines of JSONL.
///
/// A line is an object with the fields of ``JSONLineParser/Field``, in any order, each at most once.
/// Any other field is an error, so that a mistyped name loses nothing unseen; what is to be kept
/// beside the text belongs into `metadata`. Every field but `metadata` may be null, which is as if
/// it were not there, and `metadata` too.
package struct JSONLineParser {
  /// The fields a line may have.
  package enum Field: String, CaseIterable, Sendable {
    /// A string that is not empty, or a number, which is kept as it is written.
    case id
    /// Another name of `id`, as the BEIR collections have it. Only one of the two may be there.
    case beirID = "_id"
    /// A string, kept as `title` of the metadata unless the metadata has one.
    case title
    /// A string. A line without a text needs a vector.
    case text
    /// A list of finite numbers.
    case vector
    /// An object.
    case metadata
    /// A positive number: the length the vector came with.
    case norm
    /// A string: the name of the space of the vectors.
    case space

    // What only an export of this program has.
    case origin, format, hash, given, chunkTokens, overlapTokens, added, updated, modified, date
    case bytes, leftOut, root, chunks, pending, collection
    case source, chunk, start, end, line

    /// The fields that people write.
    static let common: [Field] = [.id, .beirID, .title, .text, .vector, .metadata, .norm, .space]
  }

  private var seen: Set<Field> = []
  private var id: String?
  private var title: String?
  private var text: String?
  private var vector: [Float]?
  private var metadata: [String: MetadataValue] = [:]
  private var norm: Double?
  private var space: String?
  private var parts = StoredParts()
  private var source: String?
  private var place = ImportedDocument.ChunkPlace(ordinal: 0)

  private init() {}

  /// Reads the document of one line.
  ///
  /// - Parameters:
  ///   - bytes: the line, with or without its line feed; must hold a byte at least.
  ///   - line: the line's number, from 1.
  ///   - capacity: how many numbers the vector is expected to have.
  static func document(
    in bytes: UnsafeBufferPointer<UInt8>, line: Int, capacity: Int
  ) throws(JSONFault) -> ImportedDocument {
    guard var cursor = JSONCursor(bytes) else {
      throw JSONFault(
        code: .notJSON, offset: 0, found: "an empty line", expected: "an object")
    }
    var parser = JSONLineParser()
    try cursor.openContainer("{", expected: "an object", depth: 0)
    while try cursor.hasNextMember(isFirst: parser.seen.isEmpty) {
      try parser.readMember(&cursor, capacity: capacity)
    }
    try cursor.finish()
    let isWhole = parser.seen.contains(.chunks)
    guard isWhole || parser.text != nil || parser.vector != nil else {
      throw cursor.fault(
        .missingContent, at: cursor.start, found: "neither a text nor a vector",
        expected: "one of them at least")
    }
    if !isWhole, let title = parser.title, !title.isEmpty, parser.metadata["title"] == nil {
      parser.metadata["title"] = .string(title)
    }
    var document = ImportedDocument(
      line: line, id: parser.source ?? parser.id, text: parser.text, vector: parser.vector,
      metadata: parser.metadata, norm: parser.norm)
    document.space = parser.space
    if isWhole {
      if !parser.seen.contains(.given) { parser.parts.given = parser.metadata }
      document.parts = parser.parts
    }
    if parser.seen.contains(.chunk) { document.chunk = parser.place }
    return document
  }

  private mutating func readMember(
    _ cursor: inout JSONCursor, capacity: Int
  ) throws(JSONFault) {
    let at = cursor.position
    let name = try cursor.memberName()
    guard let field = Field(rawValue: name) else {
      let known = Field.common.map(\.rawValue).joined(separator: ", ")
      var fault = cursor.fault(
        .unknownField, at: at, found: "a field that is not known", expected: "one of \(known)")
      fault.field = String(name.prefix(64))
      throw fault
    }
    let twin: Field? = field == .id ? .beirID : field == .beirID ? .id : nil
    if !seen.insert(field).inserted || twin.map(seen.contains) == true {
      var fault = cursor.fault(
        .duplicateField, at: at, found: "the field a second time", expected: "each field once")
      fault.field = name
      throw fault
    }
    do {
      try read(field, &cursor, capacity: capacity)
    } catch {
      var fault = error
      fault.field = name
      throw fault
    }
  }

  private mutating func read(
    _ field: Field, _ cursor: inout JSONCursor, capacity: Int
  ) throws(JSONFault) {
    if cursor.next == UInt8(ascii: "n") { return try cursor.literal("null") }
    switch field {
    case .id, .beirID: id = try Self.identifier(&cursor)
    case .title: title = try cursor.string()
    case .text: text = try cursor.string()
    case .vector: vector = try cursor.floats(capacity: capacity)
    case .metadata: metadata = try cursor.object()
    case .norm: norm = try Self.length(&cursor)
    case .space: space = try cursor.string()
    case .origin: parts.origin = try cursor.string()
    case .format: parts.format = try cursor.string()
    case .hash: parts.hash = try cursor.string()
    case .given: parts.given = try cursor.object()
    case .chunkTokens: parts.chunkTokens = try cursor.count()
    case .overlapTokens: parts.overlapTokens = try cursor.count()
    case .added: parts.added = try cursor.string()
    case .updated: parts.updated = try cursor.string()
    case .modified: parts.modified = try cursor.string()
    case .date: parts.dated = try cursor.string()
    case .bytes: parts.bytes = try cursor.count()
    case .leftOut: parts.leftOut = try cursor.string()
    case .root: parts.root = try cursor.storedRoot()
    case .collection: parts.collection = try cursor.storedCollection()
    case .chunks: parts.chunks = try cursor.storedChunks()
    case .pending: parts.pending = try cursor.pendingVersion()
    case .source: source = try cursor.string()
    case .chunk: place.ordinal = try cursor.count() ?? 0
    case .start: place.start = try cursor.count()
    case .end: place.end = try cursor.count()
    case .line: place.line = try cursor.count()
    }
  }

  private static func identifier(_ cursor: inout JSONCursor) throws(JSONFault) -> String {
    let byte = cursor.next
    let at = cursor.position
    if byte == UInt8(ascii: "\"") {
      let id = try cursor.string()
      guard id.isEmpty else { return id }
      throw cursor.fault(
        .wrongKind, at: at, found: "an empty string", expected: "a string or a number")
    }
    guard byte == UInt8(ascii: "-") || byte.map({ $0 &- UInt8(ascii: "0") < 10 }) == true else {
      throw cursor.fault(.wrongKind, expected: "a string or a number")
    }
    return try cursor.numberToken().text
  }

  private static func length(_ cursor: inout JSONCursor) throws(JSONFault) -> Double {
    _ = cursor.next
    let at = cursor.position
    let length = try cursor.double()
    guard length > 0 else {
      throw cursor.fault(.outOfRange, at: at, found: "\(length)", expected: "a positive number")
    }
    return length
  }
}

extension JSONFault {
  /// The error of a line of a file, with what to do about it.
  func error(file: String, line: Int) -> InterchangeError {
    let advice =
      switch code {
      case .notUTF8: "save the file as UTF-8"
      case .unknownField: "rename it, or move it into \"metadata\""
      case .duplicateField: "remove one of them"
      case .missingContent: "add \"text\" or \"vector\""
      case .tooDeep: "flatten the metadata"
      case .notFinite: "leave the vector out, or make it again"
      case .notJSON: "write one whole JSON object a line"
      default: "correct the line"
      }
    return InterchangeError(
      code, file: file, line: line, field: field, found: "\(found) at byte \(offset + 1)",
      expected: expected, advice: advice)
  }
}
