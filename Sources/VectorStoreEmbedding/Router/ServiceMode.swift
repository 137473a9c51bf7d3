// The three modes of the service router. Chosen by the caller, read by EmbeddingRouter and by the
// store's ranking.

/// Where vectors come from.
public enum ServiceMode: String, Sendable, Hashable, Codable, CaseIterable {
  /// The embedding service, or nothing: what cannot be embedded now stays pending.
  case real = "REAL"
  /// The mock service only: offline, free, deterministic.
  case mock = "MOCK"
  /// The embedding service where it is available, stand-ins of the mock space where it is not.
  case hybrid = "HYBRID"
}
