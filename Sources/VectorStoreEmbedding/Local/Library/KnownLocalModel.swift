// The models that this program can fetch by name.

/// A model with a public address that ``LocalModel`` runs, and what to know before choosing it.
public struct KnownLocalModel: Sendable, Hashable, Codable {
  /// The name by which it is asked for, and that its space has.
  public let name: String
  /// Who publishes it, as `owner/name`.
  public let repository: String
  /// The SHA-256 of its `model.safetensors`, as hexadecimal digits.
  public let sha256: String
  /// The size of its weights in bytes.
  public let bytes: Int
  /// Its licence, by SPDX identifier.
  public let licence: String
  /// The languages it was trained on.
  public let languages: String
  /// The components of its vectors.
  public let dimensions: Int
  /// The most tokens of a text that it reads at once; nil if there is no limit.
  public let maximumTokens: Int?
  /// What it is good for, in a few words.
  public let remark: String

  /// All of them, the usual choice first.
  public static let all = [
    KnownLocalModel(
      name: "all-MiniLM-L6-v2", repository: "sentence-transformers/all-MiniLM-L6-v2",
      sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", bytes: 90_868_376,
      licence: "Apache-2.0", languages: "English", dimensions: 384, maximumTokens: 256,
      remark: "small and quick, the usual choice"),
    KnownLocalModel(
      name: "bge-small-en-v1.5", repository: "BAAI/bge-small-en-v1.5",
      sha256: "3c9f31665447c8911517620762200d2245a2518d6e7208acc78cd9db317e21ad",
      bytes: 133_466_304, licence: "MIT", languages: "English", dimensions: 384,
      maximumTokens: 512, remark: "half as quick, reads twice as much at once"),
    KnownLocalModel(
      name: "multilingual-e5-small", repository: "intfloat/multilingual-e5-small",
      sha256: "1a55775f53449dac10a2bcbc312469fac40b96d53198c407081a831f81c98477",
      bytes: 470_641_600, licence: "MIT", languages: "94 languages", dimensions: 384,
      maximumTokens: 512, remark: "for notes in several languages"),
    KnownLocalModel(
      name: "paraphrase-multilingual-MiniLM-L12-v2",
      repository: "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
      sha256: "eaa086f0ffee582aeb45b36e34cdd1fe2d6de2bef61f8a559a1bbc9bd955917b",
      bytes: 470_641_600, licence: "Apache-2.0", languages: "50 languages", dimensions: 384,
      maximumTokens: 128, remark: "for short texts in several languages"),
    KnownLocalModel(
      name: "potion-base-8M", repository: "minishlab/potion-base-8M",
      sha256: "f65d0f325faadc1e121c319e2faa41170d3fa07d8c89abd48ca5358d9a223de2",
      bytes: 30_236_760, licence: "MIT", languages: "English", dimensions: 256,
      maximumTokens: nil, remark: "static: very quick, finds less"),
  ]

  /// Finds a model by its name or its repository, in whatever case.
  public static func named(_ name: String) -> KnownLocalModel? {
    let name = name.lowercased()
    return all.first { $0.name.lowercased() == name || $0.repository.lowercased() == name }
  }
}
