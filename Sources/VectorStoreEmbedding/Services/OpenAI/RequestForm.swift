// How a server is asked, since servers differ, and what is tried next when one refuses the form.

/// What differs between requests for the same vectors.
package struct RequestForm: Sendable, Hashable, Codable {
  /// How the vectors are asked for.
  package enum Encoding: String, Sendable, Codable {
    /// Little-endian float32 in base64.
    case base64
    /// JSON numbers.
    case float
    /// As the server likes: the field is left out.
    case unsaid
  }

  /// The path of the URL, with its query.
  package var path: String
  package var encoding = Encoding.base64
  /// Whether `dimensions` is sent.
  package var sendsDimensions: Bool
  /// Of a reranker: the field that its passages are in.
  package var passages: String?

  package init(path: String, encoding: Encoding = .base64, sendsDimensions: Bool) {
    self.path = path
    self.encoding = encoding
    self.sendsDimensions = sendsDimensions
  }
}

/// Finds the form that a server takes, one request at a time.
///
/// A refusal that names what is at fault changes that. One that does not is answered with the plainest
/// form there is, once, before the first good answer: many servers refuse base64 without a word of it.
/// No form is tried twice. If none is taken, the first stays.
struct RequestFormPlan: Sendable {
  /// What is at fault with a form, as far as it is known.
  enum Fault: Sendable, Hashable {
    /// There is nothing at the address.
    case address
    /// The server sends to another path of its own.
    case redirect(path: String)
    /// The form of the vectors, or the field for it whatever its value.
    case encoding, encodingField
    /// The server does not take `dimensions`.
    case dimensions
    /// The vectors have another length than wanted.
    case wrongLength
    /// Not known.
    case unsaid
  }

  /// The form of the next request.
  private(set) var form: RequestForm
  /// The form that is gone back to.
  private var settled: RequestForm
  private var tried: Set<RequestForm>
  /// The paths to try, in order.
  private let paths: [String]
  /// Whether a form was good in this process.
  private(set) var hasAnswer = false
  /// Whether the server is one whose form is known beforehand: then only what it names is changed.
  let isKnown: Bool

  init(_ form: RequestForm, paths: [String], isKnown: Bool) {
    self.form = form
    self.paths = paths
    self.isKnown = isKnown
    settled = form
    tried = [form]
  }

  /// Takes note of a good answer. Returns whether the form is news.
  mutating func succeed(_ asked: RequestForm) -> Bool {
    let isNews = !hasAnswer || settled != asked
    hasAnswer = true
    (form, settled) = (asked, asked)
    return isNews
  }

  /// Takes note of a refusal. Returns whether to ask again with ``form``.
  mutating func fail(_ asked: RequestForm, _ fault: Fault) -> Bool {
    // Another request has changed it meanwhile.
    if asked != form { return true }
    for next in candidates(asked, fault) where tried.insert(next).inserted {
      form = next
      return true
    }
    form = settled
    return false
  }

  private func candidates(_ asked: RequestForm, _ fault: Fault) -> [RequestForm] {
    var next = asked
    switch fault {
    case .address:
      guard !isKnown, !hasAnswer else { return [] }
      return paths.map { path in
        next.path = path
        return next
      }
    case .redirect(let path): next.path = path
    case .encoding: next.encoding = asked.encoding == .base64 ? .float : .unsaid
    case .encodingField: next.encoding = .unsaid
    case .dimensions: next.sendsDimensions = false
    case .wrongLength:
      guard !isKnown, !hasAnswer else { return [] }
      next.sendsDimensions = true
    case .unsaid:
      guard !isKnown, !hasAnswer else { return [] }
      next.encoding = .unsaid
      next.sendsDimensions = false
    }
    return [next]
  }
}
