// Durations as JSON: a number of seconds, where Swift's own coding is a pair of integers.

// The coding that the compiler writes for this module's reports finds these before the generic ones.
extension KeyedEncodingContainer {
  mutating func encode(_ value: Duration, forKey key: Key) throws {
    try encode(value.inSeconds, forKey: key)
  }

  mutating func encodeIfPresent(_ value: Duration?, forKey key: Key) throws {
    try encodeIfPresent(value?.inSeconds, forKey: key)
  }
}

extension KeyedDecodingContainer {
  func decode(_ type: Duration.Type, forKey key: Key) throws -> Duration {
    Duration(written: try decode(Double.self, forKey: key))
  }

  func decodeIfPresent(_ type: Duration.Type, forKey key: Key) throws -> Duration? {
    try decodeIfPresent(Double.self, forKey: key).map { Duration(written: $0) }
  }
}

extension Duration {
  /// How many seconds it is.
  package var inSeconds: Double { self / .seconds(1) }

  /// The duration of a number of seconds, to the nanosecond, which is how clocks count: what was encoded comes
  /// back the same.
  fileprivate init(written seconds: Double) {
    let whole = seconds.rounded(.down)
    self = .seconds(whole) + .nanoseconds(Int64(((seconds - whole) * 1e9).rounded()))
  }
}
