// The models that a user has on this machine, in one folder.

import Foundation
import VectorStoreText

/// A folder of models for ``LocalModel``, each in a folder of its own with a note of what it is, so that
/// listing them opens none.
///
///     let library = ModelLibrary(folder: "/home/ada/.local/share/vector-store/models")
///     try library.add(folder: "/tmp/all-MiniLM-L6-v2")
///     let model = try library.service("all-MiniLM-L6-v2")
public struct ModelLibrary: Sendable {
  /// What is known of a model that is there.
  public struct Entry: Sendable, Hashable, Codable {
    /// The model's name.
    public let name: String
    /// The space of its vectors: `local/NAME/DIMENSIONS`.
    public let space: EmbeddingSpace
    /// ``LocalModel/fingerprint``.
    public let fingerprint: String
    /// ``LocalModel/maximumTokens``.
    public let maximumTokens: Int?
    /// The size of its files in bytes.
    public let bytes: Int
    /// How it tells questions and documents apart.
    public let roles: EmbeddingRoles

    /// Creates a value from its parts.
    public init(
      name: String, space: EmbeddingSpace, fingerprint: String, maximumTokens: Int? = nil,
      bytes: Int, roles: EmbeddingRoles
    ) {
      self.name = name
      self.space = space
      self.fingerprint = fingerprint
      self.maximumTokens = maximumTokens
      self.bytes = bytes
      self.roles = roles
    }
  }

  /// What is known of a reranker that is there.
  public struct RerankerEntry: Sendable, Hashable, Codable {
    /// The model's name.
    public let name: String
    /// ``LocalReranker/fingerprint``.
    public let fingerprint: String
    /// ``LocalReranker/maximumTokens``.
    public let maximumTokens: Int
    /// The size of its files in bytes.
    public let bytes: Int

    /// Creates a value from its parts.
    public init(name: String, fingerprint: String, maximumTokens: Int, bytes: Int) {
      self.name = name
      self.fingerprint = fingerprint
      self.maximumTokens = maximumTokens
      self.bytes = bytes
    }
  }

  /// The folder's path. It is made when the first model comes.
  public let folder: String

  private static let note = "vector-store.json"
  private static let rerankerNote = "vector-store-reranker.json"
  private static let choice = "chosen"
  /// The parts of a model's folder that are kept.
  private static let parts = [
    "config.json", "model.safetensors", "tokenizer.json", "vocab.txt", "tokenizer_config.json",
    "modules.json", "1_Pooling", "2_Normalize", "0_StaticEmbedding", "sentence_bert_config.json",
    "config_sentence_transformers.json",
  ]

  /// Names a library; nothing is read.
  public init(folder: String) { self.folder = folder }

  private func path(_ name: String) -> String { folder + "/" + name }

  // MARK: - What is there

  /// The models that make vectors, by name. One that cannot be read is left out.
  public func models() -> [Entry] { entries(Self.note) }

  /// The rerankers, by name. One that cannot be read is left out.
  public func rerankers() -> [RerankerEntry] { entries(Self.rerankerNote) }

  private func entries<Note: Decodable>(_ note: String) -> [Note] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // A model on its way in has a dot before its name.
    return names.filter { !$0.hasPrefix(".") }.sorted().compactMap { name in
      guard let data = FileManager.default.contents(atPath: path(name) + "/" + note) else {
        return nil
      }
      return try? JSONDecoder().decode(Note.self, from: data)
    }
  }

  /// The model that new collections get: the chosen one, else the first.
  public var chosen: Entry? {
    let models = models()
    let data = FileManager.default.contents(atPath: path(Self.choice)) ?? Data()
    let name = String(decoding: data, as: UTF8.self)
    return models.first { $0.name == name } ?? models.first
  }

  /// A model as a service; it is opened when it is first asked.
  ///
  /// - Throws: ``LocalModelError`` with `missing` if it is not there.
  public func service(_ name: String) throws -> any EmbeddingService {
    InstalledModel(try entry(name), folder: path(name))
  }

  /// A model by its name.
  ///
  /// - Throws: ``LocalModelError`` with `missing` if it is not there.
  public func entry(_ name: String) throws -> Entry {
    let models = models()
    if let entry = models.first(where: { $0.name.lowercased() == name.lowercased() }) {
      return entry
    }
    let names = models.map(\.name).joined(separator: ", ")
    throw LocalModelError(
      .missing,
      "there is no model \(name) on this machine; "
        + (names.isEmpty ? "there is none yet" : "there are \(names)"))
  }

  /// A reranker by its name, or the first one.
  ///
  /// - Throws: ``LocalModelError`` with `missing` if it is not there, and as ``LocalReranker`` does.
  /// - Complexity: opens it.
  public func reranker(_ name: String? = nil) throws -> LocalReranker {
    let entry = try rerankerEntry(name)
    let reranker = try LocalReranker(folder: path(entry.name), name: entry.name)
    guard reranker.fingerprint == entry.fingerprint else {
      throw LocalModelError(
        .damaged,
        "the weights of \(entry.name) in \(path(entry.name)) are not those that were added; remove the model "
          + "and add it again")
    }
    return reranker
  }

  /// A reranker by its name, or the first one.
  ///
  /// - Throws: ``LocalModelError`` with `missing` if it is not there.
  public func rerankerEntry(_ name: String? = nil) throws -> RerankerEntry {
    let rerankers = rerankers()
    let found = rerankers.first {
      $0.name.lowercased() == name?.lowercased() ?? $0.name.lowercased()
    }
    if let found { return found }
    let names = rerankers.map(\.name).joined(separator: ", ")
    throw LocalModelError(
      .missing,
      "there is no reranker \(name.map { $0 + " " } ?? "")on this machine; "
        + (names.isEmpty ? "there is none yet" : "there are \(names)"))
  }

  // MARK: - Changes

  /// Makes a model the one that new collections get.
  ///
  /// - Throws: ``LocalModelError`` with `missing` if it is not there.
  public func use(_ name: String) throws {
    try Data(try entry(name).name.utf8).write(
      to: URL(filePath: path(Self.choice)), options: .atomic)
  }

  /// Removes a model's files.
  ///
  /// - Throws: ``LocalModelError`` with `missing` if it is not there.
  public func remove(_ name: String) throws {
    let found = try (try? rerankerEntry(name))?.name ?? entry(name).name
    try FileManager.default.removeItem(atPath: path(found))
  }

  /// Copies a model in, after it has been opened and has embedded a word. The first one is chosen.
  ///
  /// - Parameters:
  ///   - source: the model's folder.
  ///   - name: the model's name; nil is the folder's.
  /// - Throws: ``LocalModelError`` if it is no model that runs here, or another one has its name.
  @discardableResult
  public func add(folder source: String, name: String? = nil) async throws -> Entry {
    let source = URL(filePath: source).standardizedFileURL
    let name = name ?? source.lastPathComponent
    try checkFree(name)
    // Before anything is copied, and so that an error names the user's folder.
    _ = try LocalModel(folder: source.path, name: name)
    return try await installModel(name) { try copy(source, to: $0) }
  }

  /// Copies a reranker in, after it has been opened and has scored a word.
  ///
  /// - Parameters:
  ///   - source: the model's folder.
  ///   - name: the model's name; nil is the folder's.
  /// - Throws: ``LocalModelError`` if it is no reranker that runs here, or another model has its name.
  @discardableResult
  public func addReranker(
    folder source: String, name: String? = nil
  ) async throws -> RerankerEntry {
    let source = URL(filePath: source).standardizedFileURL
    let name = name ?? source.lastPathComponent
    try checkFree(name)
    _ = try LocalReranker(folder: source.path, name: name)
    return try await install(name, note: Self.rerankerNote) { draft in
      try copy(source, to: draft)
      let model = try LocalReranker(folder: draft, name: name)
      _ = try await model.scores(of: ["word"], for: "word")
      return RerankerEntry(
        name: name, fingerprint: model.fingerprint, maximumTokens: model.maximumTokens,
        bytes: Self.size(of: draft))
    }
  }

  /// Copies the parts of a model's folder that are kept.
  private func copy(_ source: URL, to draft: String) throws {
    for part in Self.parts {
      let file = source.appending(path: part).resolvingSymlinksInPath()
      guard FileManager.default.fileExists(atPath: file.path) else { continue }
      try FileManager.default.copyItem(at: file, to: URL(filePath: draft + "/" + part))
    }
  }

  /// Fetches a model from its public address and verifies it by its hash. The first one is chosen.
  ///
  /// - Parameters:
  ///   - address: the server's, or a mirror's of the same form.
  ///   - certificateFile: certificates of trusted authorities, as a file of PEM; nil is the system's.
  ///   - progress: called with the bytes that are there, of ``KnownLocalModel/bytes``.
  /// - Throws: ``LocalModelError`` with `download`; `CancellationError`. Nothing is left behind then.
  @discardableResult
  public func pull(
    _ model: KnownLocalModel, from address: String = "https://huggingface.co",
    certificateFile: String? = nil, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Entry {
    try checkFree(model.name)
    return try await installModel(model.name) { draft in
      let download = ModelDownload(model, address: address, certificateFile: certificateFile)
      try await download.run(into: draft, progress: progress)
    }
  }

  private func checkFree(_ name: String) throws {
    guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), name != Self.choice else {
      throw LocalModelError(
        .unsupported, "\"\(name)\" is not a name for a model; choose a plain word")
    }
    guard (try? entry(name)) == nil, (try? rerankerEntry(name)) == nil else {
      throw LocalModelError(
        .exists, "there is a model \(name) already; remove it first, or choose another name")
    }
  }

  /// Installs a model that makes vectors, after it has embedded a word.
  private func installModel(
    _ name: String, _ fill: (_ draft: String) async throws -> Void
  ) async throws -> Entry {
    let isFirst = models().isEmpty
    let entry = try await install(name, note: Self.note) { draft in
      try await fill(draft)
      let model = try LocalModel(folder: draft, name: name)
      _ = try await model.embed(["word"])
      return Entry(
        name: name, space: model.space, fingerprint: model.fingerprint,
        maximumTokens: model.maximumTokens, bytes: Self.size(of: draft), roles: model.roles)
    }
    if isFirst { try use(name) }
    return entry
  }

  /// Makes a folder, has it filled and the model in it opened, notes what it is, and gives it its name.
  private func install<Note: Encodable>(
    _ name: String, note: String, _ fill: (_ draft: String) async throws -> Note
  ) async throws -> Note {
    let files = FileManager.default
    let draft = path(".\(name)-\(UUID().uuidString)")
    try files.createDirectory(atPath: draft, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: draft) }
    let entry = try await fill(draft)
    try JSONEncoder().encode(entry).write(to: URL(filePath: draft + "/" + note))
    // What a model left here without its note is no model.
    if files.fileExists(atPath: path(name)) { try files.removeItem(atPath: path(name)) }
    try files.moveItem(atPath: draft, toPath: path(name))
    return entry
  }

  private static func size(of folder: String) -> Int {
    let files = FileManager.default.enumerator(
      at: URL(filePath: folder), includingPropertiesForKeys: [.fileSizeKey])
    return (files?.compactMap { $0 as? URL } ?? []).reduce(0) {
      $0 + ((try? $1.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0)
    }
  }
}
