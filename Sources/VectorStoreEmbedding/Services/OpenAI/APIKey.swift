// The key of an embeddings API, in a type that nothing prints. Part of OpenAIConfiguration; read by
// OpenAIService alone, when it writes a request's headers.

/// The key of an embeddings API. Descriptions, dumps and mirrors of it, and of whatever holds it, say
/// `[API key]`.
public struct APIKey: Sendable {
  /// The key itself.
  let secret: String

  /// Wraps a key.
  public init(_ secret: String) { self.secret = secret }

  /// Whether it can stand in a header: not empty, visible ASCII only.
  var isValid: Bool { !secret.isEmpty && secret.utf8.allSatisfy { (0x21...0x7E).contains($0) } }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// `[API key]`.
  public var description: String { "[API key]" }
  /// `[API key]`.
  public var debugDescription: String { description }
  /// A mirror without children.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
