// What was learned of a server, so that the next process starts with it, and where that is kept.

package import Foundation
import Synchronization

/// What was learned of a model of a server: how it is asked, what it takes at once, how fast it is.
///
/// Nothing in it is secret, and nothing in it is trusted: a server that refuses what it says is asked
/// in other ways again.
package struct ServerProfile: Sendable, Hashable, Codable {
  /// How the server is asked.
  package var form: RequestForm
  /// The length of its vectors; 1 for a reranker's scores.
  package var dimensions: Int
  /// The most texts of a request, if there is a limit.
  package var textsPerRequest: Int?
  /// The most tokens of a request, as they are counted here, if there is a limit.
  package var tokensPerRequest: Int?
  /// The most tokens of a text that the server named.
  package var tokensPerText: Int?
  /// The seconds that a text takes, at most times.
  package var secondsPerText: Double?
  /// When it was learned.
  package var learnedAt: Date

  package init(form: RequestForm, dimensions: Int, learnedAt: Date = Date()) {
    self.form = form
    self.dimensions = dimensions
    self.learnedAt = learnedAt
  }

  /// How long sizes and times are believed, in seconds: a week. The form is believed until it fails.
  private static let lifetime = 604_800.0

  /// What of it is still to be believed: values that can be, and sizes that are not too old.
  func believed(now: Date = Date()) -> ServerProfile? {
    guard form.passages != nil || EmbeddingSpace.supportedDimensions.contains(dimensions),
      form.path.hasPrefix("/"),
      form.path.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    var profile = self
    if !(0..<Self.lifetime).contains(now.timeIntervalSince(learnedAt)) {
      profile.textsPerRequest = nil
      profile.tokensPerRequest = nil
      profile.tokensPerText = nil
      profile.secondsPerText = nil
    }
    let positive = { (number: Int?) in number.flatMap { $0 > 0 ? $0 : nil } }
    profile.textsPerRequest = positive(profile.textsPerRequest)
    profile.tokensPerRequest = positive(profile.tokensPerRequest)
    profile.tokensPerText = positive(profile.tokensPerText)
    profile.secondsPerText = profile.secondsPerText.flatMap { $0 > 0 && $0 < 600 ? $0 : nil }
    return profile
  }
}

extension ServerProfile? {
  /// Changes the profile, if there is one. Returns it, with the time, if that changed anything.
  mutating func learn(_ change: (inout ServerProfile) -> Void) -> ServerProfile? {
    guard var profile = self else { return nil }
    change(&profile)
    guard profile != self else { return nil }
    profile.learnedAt = Date()
    self = profile
    return profile
  }
}

/// Where profiles are kept, by server and model, never by key.
package protocol ServerProfiles: Sendable {
  /// What was learned of a model of a server; nil if nothing was.
  func profile(ofServer server: String, model: String) async -> ServerProfile?

  /// Keeps what was learned. What cannot be kept is learned again.
  func keep(_ profile: ServerProfile, ofServer server: String, model: String) async
}

/// Keeps profiles as long as the process lives.
package final class MemoryProfiles: ServerProfiles {
  private let profiles = Mutex<[[String]: ServerProfile]>([:])

  package init() {}

  package func profile(ofServer server: String, model: String) async -> ServerProfile? {
    profiles.withLock { $0[[server, model]] }
  }

  package func keep(_ profile: ServerProfile, ofServer server: String, model: String) async {
    profiles.withLock { $0[[server, model]] = profile }
  }
}

/// A service whose server is not known beforehand.
///
/// The router sends its first request alone and small, and again where the service changes how it asks
/// (``ServiceError/hasAdapted``); it keeps to the sizes that the service remembers, and tells it those
/// it learns.
package protocol AdaptiveService: EmbeddingService {
  /// Whether the server is known beforehand, as OpenAI's is.
  var isKnown: Bool { get }

  /// Whether nothing is known of the server yet: no request was answered, in this process or before.
  var isUnknown: Bool { get }

  /// What is known of the server's sizes; nil if nothing is.
  var profile: ServerProfile? { get }

  /// Takes what earlier processes learned, and keeps there what is learned.
  func remember(in profiles: any ServerProfiles) async

  /// Takes what the router learned of sizes and times.
  func learn(_ change: @Sendable (inout ServerProfile) -> Void) async

  /// How it is reached.
  var reference: ServiceReference { get }

  /// Whether its roles were chosen; others are left for those that vectors were made with.
  var choosesRoles: Bool { get }

  /// Sends one request, in the form that is tried now, for texts of a role.
  ///
  /// - Throws: ``ServiceError``, with ``ServiceError/hasAdapted`` if the next request has another form.
  func attempt(
    _ texts: [String], as role: EmbeddingRole, requestID: String
  ) async throws -> EmbeddingBatch
}
