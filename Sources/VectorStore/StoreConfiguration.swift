// Everything a store can be told, as one value. The command makes it from flags, environment and
// `.env` files; programs make it in code. The library reads no environment.

public import Logging

/// How a ``Store`` behaves: modes, services, limits of waiting, logging.
public struct StoreConfiguration: Sendable {
  /// Whether the store may be made and written.
  public enum Access: Sendable {
    /// Opens the file and makes it where there is none. A file that cannot be written still answers
    /// queries; only writing verbs then throw ``StoreError/Code/readOnly``.
    case readWrite
    /// Opens a file that must be there and never writes.
    case readOnly
  }

  /// Whether the store may be made and written.
  public var access: Access = .readWrite
  /// Where vectors come from.
  public var mode: ServiceMode = .hybrid
  /// The space that a new collection gets in modes ``ServiceMode/real`` and ``ServiceMode/hybrid``.
  /// Where ``service`` is set, its space is used instead.
  public var realSpace: EmbeddingSpace = .openAISmall
  /// The service that makes real vectors, or nil where there is none: ``ServiceMode/hybrid`` then
  /// works on stand-ins.
  public var service: (any EmbeddingService)?
  /// How long a write waits for another process that is writing, in seconds.
  public var lockTimeout: Double = 30
  /// The most reading connections open at once.
  public var maximumReaders: Int = 4
  /// Where the library logs to; by default nowhere.
  public var logger = Logger(label: "vector-store", factory: { _ in SwiftLogNoOpLogHandler() })

  /// Creates the default configuration: read and write, HYBRID, no service.
  public init() {}

  /// Creates a configuration that differs from the default in its mode.
  public init(mode: ServiceMode, service: (any EmbeddingService)? = nil) {
    self.mode = mode
    self.service = service
  }
}
