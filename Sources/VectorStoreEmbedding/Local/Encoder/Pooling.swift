// From a vector a token to a vector a text.

import VectorStoreSearch
import VectorStoreText

/// How the vectors of a text's tokens become one.
enum Pooling: String, Sendable {
  /// Their mean, the tokens around the text included.
  case mean
  /// That of the first token, BERT's `[CLS]`.
  case cls

  /// Reads `1_Pooling/config.json`.
  ///
  /// - Throws: ``LocalModelError`` for another way, or several at once.
  init(_ settings: [String: MetadataValue], of folder: String) throws(LocalModelError) {
    let prefix = "pooling_mode_"
    var chosen = settings.filter { $0.key.hasPrefix(prefix) && $0.value.bool == true }
      .map { String($0.key.dropFirst(prefix.count)) }
    if let mode = settings["pooling_mode"]?.string { chosen.append(mode) }
    switch chosen {
    case ["mean_tokens"], ["mean"], []: self = .mean
    case ["cls_token"], ["cls"]: self = .cls
    default:
      throw LocalModelError(
        .unsupported,
        "\(folder) pools by \(chosen.sorted().joined(separator: " and ").prefix(80)); mean_tokens and "
          + "cls_token are run here")
    }
  }

  /// The vector of a text.
  ///
  /// - Parameters:
  ///   - states: `count` × `hidden`.
  ///   - count: at least 1.
  func vector(_ states: UnsafePointer<Float>, count: Int, hidden: Int) -> [Float] {
    guard self == .mean else { return Array(UnsafeBufferPointer(start: states, count: hidden)) }
    return [Float](unsafeUninitializedCapacity: hidden) { vector, size in
      vector.initialize(repeating: 0)
      size = hidden
      guard let sum = vector.baseAddress else { return }
      for token in 0..<count {
        EncoderKernels.add(states + token * hidden, times: 1 / Float(count), count: hidden, to: sum)
      }
    }
  }
}
