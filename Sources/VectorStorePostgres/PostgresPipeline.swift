// What a connection has sent and not heard of yet.

#if Postgres
  /// The answers that are to come, in the order in which they come.
  struct PostgresPipeline {
    enum Answer {
      /// A statement was prepared; its SQL.
      case prepared(String)
      /// A statement was carried out; its SQL.
      case done(String)
      /// A prepared statement was closed; its name.
      case closed(String)
      /// All that was sent before is answered.
      case synced
    }

    private var answers: [Answer] = []
    private var start = 0
    /// The number of the answer that comes next; each has one, in order.
    private(set) var nextNumber = 0
    /// Whether the next answer, which may have several parts, has begun.
    var hasBegun = false

    var isEmpty: Bool { start == answers.count }
    var next: Answer? { isEmpty ? nil : answers[start] }

    /// Returns the number of the answer.
    @discardableResult
    mutating func append(_ answer: Answer) -> Int {
      answers.append(answer)
      return nextNumber + answers.count - start - 1
    }

    /// The next answer is complete.
    mutating func removeFirst() {
      start += 1
      nextNumber += 1
      hasBegun = false
      guard start == answers.count || start > 4096 else { return }
      answers.removeFirst(start)
      start = 0
    }

    mutating func removeAll() {
      nextNumber += answers.count - start
      answers = []
      start = 0
      hasBegun = false
    }
  }
#endif
