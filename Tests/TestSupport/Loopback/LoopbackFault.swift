// What can go wrong with a LoopbackServer's answer: the faults themselves. LoopbackState decides
// when, LoopbackBody and LoopbackResponder carry them out. Ready-made ones: LoopbackFault+Errors,
// LoopbackFault+Answers.

/// A fault on demand: an error answer, a broken answer, or a broken connection.
package struct LoopbackFault: Sendable, CustomStringConvertible {
  /// Which request meets which fault: the request, and its number from 0.
  package typealias Plan = @Sendable (LoopbackRequest, Int) -> LoopbackFault?

  /// What is done to the request.
  enum Kind: Sendable {
    /// It is refused.
    case refusal(LoopbackRefusal)
    /// It is answered by something that is not the API.
    case page(Page)
    /// It is computed and answered with another body.
    case body(BodyChange)
    /// It is computed and the answer travels badly.
    case delivery(Delivery)
    /// It is computed and answered well, after so many seconds more.
    case slow(Double)
  }

  /// An answer that is not the API's.
  struct Page: Sendable {
    var status: Int
    var headers: [String: String]
    var body: String
  }

  /// A change of the answer's body.
  enum BodyChange: Sendable, Equatable {
    case value(Float), zeroVector, notUnit, wrongDimensions, null
    case wrongCount, duplicateIndex, missingIndex, indexOutOfRange, outOfOrder
    case floats, halfJSON, missingUsage
  }

  /// How an answer travels.
  enum Delivery: Sendable {
    case whole
    /// In so many pieces, so many seconds apart.
    case pieces(Int, interval: Double)
    /// Half of the body, then the end of the connection, with a reset or without.
    case half(reset: Bool)
    /// A reset instead of an answer.
    case reset
    /// The end of the connection instead of an answer.
    case close
    /// No answer, and an open connection.
    case never
    /// A body without end.
    case endless
  }

  /// What it is called in failures of tests.
  package var name: String
  /// Whether the request is computed and billed all the same.
  package var isBilled: Bool
  var kind: Kind

  init(_ name: String, isBilled: Bool, _ kind: Kind) {
    self.name = name
    self.isBilled = isBilled
    self.kind = kind
  }

  /// The same fault, billed or not.
  package func billed(_ isBilled: Bool = true) -> LoopbackFault {
    var fault = self
    fault.isBilled = isBilled
    return fault
  }

  /// The name, and whether it bills.
  package var description: String { isBilled ? "\(name) (billed)" : name }
}

// MARK: Plans

extension LoopbackFault {
  /// A plan of one fault a request in order, nil for a good answer; what follows is good.
  package static func inOrder(_ faults: [LoopbackFault?]) -> Plan {
    { _, number in number < faults.count ? faults[number] : nil }
  }

  /// A plan by which the first requests meet a fault.
  package static func first(_ count: Int, _ fault: LoopbackFault) -> Plan {
    { _, number in number < count ? fault : nil }
  }

  /// A plan by which all requests from one on meet a fault.
  package static func from(_ first: Int, _ fault: LoopbackFault) -> Plan {
    { _, number in number >= first ? fault : nil }
  }

  /// A plan by which about one request in `oneIn` meets one of the faults. Which one is decided by
  /// the request's number and the seed alone.
  package static func randomFaults(
    oneIn: Int, seed: UInt64, among faults: [LoopbackFault] = LoopbackFault.retryable
  ) -> Plan {
    { _, number in
      var generator = SeededGenerator(seed: seed &+ UInt64(number) &* 0xD6E8_FEB8_6659_FD93)
      guard generator.next() % UInt64(oneIn) == 0 else { return nil }
      return faults.randomElement(using: &generator)
    }
  }
}
