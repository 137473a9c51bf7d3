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
  }

  /// The folder's path. It is made when the first model comes.
  public let folder: String

  private static let note = "vector-store.json"
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

  /// The models, by name. One that cannot be read is left out.
  public func models() -> [Entry] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    // A model on its way in has a dot before its name.
    return names.filter { !$0.hasPrefix(".") }.sorted().compactMap { name in
      guard let data = FileManager.default.contents(atPath: path(name) + "/" + Self.note) else {
        return nil
      }
      return try? JSONDecoder().decode(Entry.self, from: data)
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
    try FileManager.default.removeItem(atPath: path(try entry(name).name))
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
    return try await install(name) { draft in
      for part in Self.parts {
        let file = source.appending(path: part).resolvingSymlinksInPath()
        guard FileManager.default.fileExists(atPath: file.path) else { continue }
        try FileManager.default.copyItem(at: file, to: URL(filePath: draft + "/" + part))
      }
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
    return try await install(model.name) { draft in
      let download = ModelDownload(model, address: address, certificateFile: certificateFile)
      try await download.run(into: draft, progress: progress)
    }
  }

  private func checkFree(_ name: String) throws {
    guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), name != Self.choice else {
      throw LocalModelError(.unsupported, "\"\(name)\" is no name for a model; choose a plain word")
    }
    guard (try? entry(name)) == nil else {
      throw LocalModelError(
        .exists, "there is a model \(name) already; remove it first, or choose another name")
    }
  }

  /// Makes a folder, has it filled, opens the model in it, and gives it its name.
  private func install(
    _ name: String, _ fill: (_ draft: String) async throws -> Void
  ) async throws -> Entry {
    let files = FileManager.default
    let draft = path(".\(name)-\(UUID().uuidString)")
    try files.createDirectory(atPath: draft, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: draft) }
    try await fill(draft)
    let model = try LocalModel(folder: draft, name: name)
    _ = try await model.embed(["word"])
    let entry = Entry(
      name: name, space: model.space, fingerprint: model.fingerprint,
      maximumTokens: model.maximumTokens, bytes: Self.size(of: draft), roles: model.roles)
    try JSONEncoder().encode(entry).write(to: URL(filePath: draft + "/" + Self.note))
    let isFirst = models().isEmpty
    // What a model left here without its note is no model.
    if files.fileExists(atPath: path(name)) { try files.removeItem(atPath: path(name)) }
    try files.moveItem(atPath: draft, toPath: path(name))
    if isFirst { try use(name) }
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
