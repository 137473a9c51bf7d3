// A document with all that a store has of it, as a line of JSON: what `export` writes and `import` reads
// back.

/// What a line has beside `id`, `text`, `metadata` and `space`, if it comes from a store's export.
///
/// The form is public: FileFormat.md says what each field means.
package struct StoredParts: Sendable, Equatable {
  /// A chunk's vector in one space.
  package struct Vector: Sendable, Equatable {
    /// The name of the space.
    package var space: String
    /// The components, of unit length; nil says that the vector is the one that the space's own service
    /// makes of the chunk's text, which costs nothing.
    package var components: [Float]?
    /// The length that the vector came with.
    package var norm: Double

    package init(space: String, components: [Float]?, norm: Double) {
      self.space = space
      self.components = components
      self.norm = norm
    }
  }

  /// A chunk. Its text is nil where the line leaves it out: then it is the part of the document's text
  /// that the range names.
  package struct Chunk: Sendable, Equatable {
    package var text: String?
    /// Whether there is no text at all, but a vector.
    package var isWithoutText = false
    /// SHA-256 of the text that was embedded, in hexadecimal; nil if that is the chunk's own text.
    package var hash: String?
    package var start: Int?
    package var end: Int?
    package var line: Int?
    package var failureCode: String?
    package var failureMessage: String?
    /// By the names of their spaces.
    package var vectors: [Vector] = []

    package init() {}
  }

  /// A version that waits for its vectors.
  package struct Pending: Sendable, Equatable {
    package var origin = ""
    package var format = ""
    package var hash = ""
    package var text = ""
    package var metadata: [String: MetadataValue] = [:]
    package var chunkTokens: Int?
    package var overlapTokens: Int?
    package var reason = ""
    package var since = ""
    /// The chunks that it brought, as the store keeps them.
    package var ownChunks: String?

    package init() {}
  }

  /// The folder or file that a document's file was found by.
  package struct Root: Sendable, Equatable {
    package var path = ""
    package var isFolder = false
    /// A JSON object of what it was added with.
    package var options = "{}"
    package var added = ""
    package var updated: String?

    package init() {}
  }

  /// What the collection of an export is, beside its target space. In the first line only.
  package struct Collection: Sendable, Equatable {
    /// How its service is reached, as the store keeps it: a JSON object.
    package var service: String?
    /// How its space tells questions and documents apart, as the store keeps it: a JSON object.
    package var roles: String?
    /// Which weights make the space's vectors, if a model on this machine does.
    package var weights: String?
    /// Whether its target space was chosen and stays when it is empty.
    package var isChosen = false
    /// Whether it keeps texts.
    package var keepsText = true

    package init() {}
  }

  /// Nil in all lines but the first.
  package var collection: Collection?
  package var origin = ""
  package var format = ""
  package var root: Root?
  /// Of a file: its size.
  package var bytes: Int?
  /// Of a file that is not taken any more: why, so that the document does not answer.
  package var leftOut: String?
  /// SHA-256 of what the document was made of, in hexadecimal; nil if no version answers yet.
  package var hash: String?
  /// What of the metadata was given beside the text; nil if that is not known.
  package var given: [String: MetadataValue]?
  package var chunkTokens: Int?
  package var overlapTokens: Int?
  package var added = ""
  package var updated = ""
  package var modified: String?
  package var dated: String?
  package var chunks: [Chunk] = []
  package var pending: Pending?

  package init() {}
}

// MARK: - Writing

extension JSONText {
  /// Appends the line of a document, its line feed included.
  package mutating func append(
    document id: String, text: String?, metadata: [String: MetadataValue], space: String,
    _ parts: StoredParts
  ) throws(NotFinite) {
    append(raw: "{\"id\":")
    append(string: id)
    append(raw: ",\"space\":")
    append(string: space)
    if let collection = parts.collection {
      append(
        raw: collection.isChosen
          ? ",\"collection\":{\"chosen\":true" : ",\"collection\":{\"chosen\":false")
      if !collection.keepsText { append(raw: ",\"keepsText\":false") }
      append(",\"service\":", collection.service)
      append(",\"roles\":", collection.roles)
      append(",\"weights\":", collection.weights)
      append(raw: "}")
    }
    append(raw: ",\"origin\":")
    append(string: parts.origin)
    append(raw: ",\"format\":")
    append(string: parts.format)
    append(",\"hash\":", parts.hash)
    append(raw: ",\"metadata\":")
    try append(object: metadata)
    if let given = parts.given, given != metadata {
      append(raw: ",\"given\":")
      try append(object: given)
    } else if parts.given == nil {
      append(raw: ",\"given\":null")
    }
    append(",\"chunkTokens\":", parts.chunkTokens)
    append(",\"overlapTokens\":", parts.overlapTokens)
    append(",\"added\":", parts.added)
    append(",\"updated\":", parts.updated)
    append(",\"modified\":", parts.modified)
    append(",\"date\":", parts.dated)
    append(",\"bytes\":", parts.bytes)
    append(",\"leftOut\":", parts.leftOut)
    if let root = parts.root {
      append(raw: ",\"root\":{\"path\":")
      append(string: root.path)
      append(raw: root.isFolder ? ",\"isFolder\":true" : ",\"isFolder\":false")
      append(",\"options\":", root.options)
      append(",\"added\":", root.added)
      append(",\"updated\":", root.updated)
      append(raw: "}")
    }
    append(raw: ",\"text\":")
    if let text { append(string: text) } else { append(raw: "null") }
    append(raw: ",\"chunks\":[")
    for (index, chunk) in parts.chunks.enumerated() {
      if index > 0 { append(raw: ",") }
      try append(chunk)
    }
    append(raw: "]")
    if let pending = parts.pending {
      append(raw: ",\"pending\":")
      try append(pending)
    }
    append(raw: "}\n")
  }

  private mutating func append(_ chunk: StoredParts.Chunk) throws(NotFinite) {
    append(raw: "{\"line\":")
    append(number: chunk.line)
    append(",\"start\":", chunk.start)
    append(",\"end\":", chunk.end)
    if chunk.isWithoutText {
      append(raw: ",\"text\":null")
    } else {
      append(",\"text\":", chunk.text)
    }
    append(",\"hash\":", chunk.hash)
    append(",\"failureCode\":", chunk.failureCode)
    append(",\"failure\":", chunk.failureMessage)
    append(raw: ",\"vectors\":{")
    for (index, vector) in chunk.vectors.enumerated() {
      if index > 0 { append(raw: ",") }
      append(string: vector.space)
      append(raw: ":")
      guard let components = vector.components else {
        append(raw: "null")
        continue
      }
      let outcome = components.withUnsafeBufferPointer { floats in
        Result { () throws(NotFinite) in try append(floats: floats) }
      }
      try outcome.get()
    }
    append(raw: "}")
    let norms = chunk.vectors.filter { $0.norm != 1 && $0.components != nil }
    if !norms.isEmpty {
      append(raw: ",\"norms\":{")
      for (index, vector) in norms.enumerated() {
        if index > 0 { append(raw: ",") }
        append(string: vector.space)
        append(raw: ":")
        try append(number: vector.norm)
      }
      append(raw: "}")
    }
    append(raw: "}")
  }

  private mutating func append(_ pending: StoredParts.Pending) throws(NotFinite) {
    append(raw: "{\"origin\":")
    append(string: pending.origin)
    append(",\"format\":", pending.format)
    append(",\"hash\":", pending.hash)
    append(raw: ",\"metadata\":")
    try append(object: pending.metadata)
    append(",\"chunkTokens\":", pending.chunkTokens)
    append(",\"overlapTokens\":", pending.overlapTokens)
    append(",\"reason\":", pending.reason)
    append(",\"since\":", pending.since)
    append(",\"ownChunks\":", pending.ownChunks)
    append(",\"text\":", pending.text)
    append(raw: "}")
  }

  private mutating func append(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    append(raw: name)
    append(string: value)
  }

  private mutating func append(_ name: StaticString, _ value: Int?) {
    guard let value else { return }
    append(raw: name)
    append(number: value)
  }

  private mutating func append(number: Int?) {
    if let number { append(whole: number) } else { append(raw: "null") }
  }
}

// MARK: - Reading

extension JSONCursor {
  /// Reads a list of chunks.
  mutating func storedChunks() throws(JSONFault) -> [StoredParts.Chunk] {
    var chunks: [StoredParts.Chunk] = []
    try openContainer("[", expected: "a list of chunks", depth: 1)
    while try hasNextElement(isFirst: chunks.isEmpty) {
      chunks.append(try storedChunk(capacity: chunks.last?.vectors.first?.components?.count ?? 0))
    }
    return chunks
  }

  private mutating func storedChunk(capacity: Int) throws(JSONFault) -> StoredParts.Chunk {
    var chunk = StoredParts.Chunk()
    var norms: [String: Double] = [:]
    try members(depth: 2) { (name, cursor) throws(JSONFault) in
      switch name {
      case "line": chunk.line = try cursor.count()
      case "start": chunk.start = try cursor.count()
      case "end": chunk.end = try cursor.count()
      case "text":
        chunk.text = try cursor.stringOrNull()
        chunk.isWithoutText = chunk.text == nil
      case "hash": chunk.hash = try cursor.stringOrNull()
      case "failureCode": chunk.failureCode = try cursor.stringOrNull()
      case "failure": chunk.failureMessage = try cursor.stringOrNull()
      case "vectors":
        try cursor.eachMember(depth: 3) { (space, cursor) throws(JSONFault) in
          let isMade = cursor.next == UInt8(ascii: "n")
          if isMade { try cursor.literal("null") }
          chunk.vectors.append(
            StoredParts.Vector(
              space: space, components: isMade ? nil : try cursor.floats(capacity: capacity),
              norm: 1))
        }
      case "norms":
        try cursor.eachMember(depth: 3) { (space, cursor) throws(JSONFault) in
          let at = cursor.position
          let norm = try cursor.double()
          guard norm > 0 else {
            throw cursor.fault(.outOfRange, at: at, found: "\(norm)", expected: "a positive number")
          }
          norms[space] = norm
        }
      default: return false
      }
      return true
    }
    for index in chunk.vectors.indices {
      chunk.vectors[index].norm = norms[chunk.vectors[index].space] ?? 1
    }
    chunk.vectors.sort { $0.space < $1.space }
    return chunk
  }

  /// Reads what the collection is.
  mutating func storedCollection() throws(JSONFault) -> StoredParts.Collection {
    var collection = StoredParts.Collection()
    try members(depth: 1) { (name, cursor) throws(JSONFault) in
      switch name {
      case "chosen": collection.isChosen = try cursor.boolean()
      case "keepsText": collection.keepsText = try cursor.boolean()
      case "service": collection.service = try cursor.stringOrNull()
      case "roles": collection.roles = try cursor.stringOrNull()
      case "weights": collection.weights = try cursor.stringOrNull()
      default: return false
      }
      return true
    }
    return collection
  }

  private mutating func boolean() throws(JSONFault) -> Bool {
    let isTrue = next == UInt8(ascii: "t")
    try literal(isTrue ? "true" : "false")
    return isTrue
  }

  /// Reads the root of a file.
  mutating func storedRoot() throws(JSONFault) -> StoredParts.Root {
    var root = StoredParts.Root()
    try members(depth: 1) { (name, cursor) throws(JSONFault) in
      switch name {
      case "path": root.path = try cursor.string()
      case "isFolder": root.isFolder = try cursor.boolean()
      case "options": root.options = try cursor.string()
      case "added": root.added = try cursor.string()
      case "updated": root.updated = try cursor.stringOrNull()
      default: return false
      }
      return true
    }
    return root
  }

  /// Reads a version that waits.
  mutating func pendingVersion() throws(JSONFault) -> StoredParts.Pending {
    var pending = StoredParts.Pending()
    try members(depth: 1) { (name, cursor) throws(JSONFault) in
      switch name {
      case "origin": pending.origin = try cursor.string()
      case "format": pending.format = try cursor.string()
      case "hash": pending.hash = try cursor.string()
      case "metadata": pending.metadata = try cursor.object(depth: 2)
      case "chunkTokens": pending.chunkTokens = try cursor.count()
      case "overlapTokens": pending.overlapTokens = try cursor.count()
      case "reason": pending.reason = try cursor.string()
      case "since": pending.since = try cursor.string()
      case "ownChunks": pending.ownChunks = try cursor.stringOrNull()
      case "text": pending.text = try cursor.string()
      default: return false
      }
      return true
    }
    return pending
  }

  /// Reads the members of an object: `read` reads each one's value, or says that it does not know the
  /// name. Each name may come once.
  private mutating func members(
    depth: Int, _ read: (String, inout JSONCursor) throws(JSONFault) -> Bool
  ) throws(JSONFault) {
    try openContainer("{", expected: "an object", depth: depth)
    var seen: Set<String> = []
    while try hasNextMember(isFirst: seen.isEmpty) {
      let at = position
      let name = try memberName()
      guard seen.insert(name).inserted else {
        throw fault(
          .duplicateField, at: at, found: "the field \"\(name.prefix(64))\" a second time",
          expected: "each field once")
      }
      guard try read(name, &self) else {
        throw fault(
          .unknownField, at: at, found: "a field \"\(name.prefix(64))\" that is not known",
          expected: "those that an export writes")
      }
    }
  }

  /// The same for an object of which every name is known.
  private mutating func eachMember(
    depth: Int, _ read: (String, inout JSONCursor) throws(JSONFault) -> Void
  ) throws(JSONFault) {
    try members(depth: depth) { (name, cursor) throws(JSONFault) in
      try read(name, &cursor)
      return true
    }
  }

  /// Reads a text, or null.
  mutating func stringOrNull() throws(JSONFault) -> String? {
    guard next == UInt8(ascii: "n") else { return try string() }
    try literal("null")
    return nil
  }

  /// Reads a whole number that is not negative, or null.
  mutating func count() throws(JSONFault) -> Int? {
    guard next != UInt8(ascii: "n") else {
      try literal("null")
      return nil
    }
    let at = position
    let (text, isWhole) = try numberToken()
    guard isWhole, let count = Int(text), count >= 0 else {
      throw fault(.outOfRange, at: at, found: text, expected: "a whole number, not negative")
    }
    return count
  }
}
