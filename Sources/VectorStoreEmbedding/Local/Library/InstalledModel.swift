// A model of the library as a service: opened when it is first asked, since most commands ask none.

import Foundation
import Synchronization
import VectorStoreText

/// A service whose vectors depend on weights that a store can tell from others of the same name.
package protocol LocalService: EmbeddingService {
  /// ``LocalModel/fingerprint``.
  var fingerprint: String { get }
}

extension LocalModel: LocalService {}

/// A ``LocalModel`` that is opened at the first text.
final class InstalledModel: LocalService {
  private let entry: ModelLibrary.Entry
  private let folder: String
  private let model = Mutex<LocalModel?>(nil)

  init(_ entry: ModelLibrary.Entry, folder: String) {
    self.entry = entry
    self.folder = folder
  }

  var space: EmbeddingSpace { entry.space }
  var roles: EmbeddingRoles { entry.roles }
  var fingerprint: String { entry.fingerprint }
  var terms: ServiceTerms { LocalModel.terms(maximumTokens: entry.maximumTokens) }

  func tokenCounter() async -> TokenCounter {
    guard let model = try? await opened() else { return .upperBound }
    return await model.tokenCounter()
  }

  func embed(_ texts: [String]) async throws -> EmbeddingBatch {
    try await embed(texts, purpose: .document)
  }

  func embed(_ texts: [String], purpose: EmbeddingPurpose) async throws -> EmbeddingBatch {
    try await opened().embed(texts, purpose: purpose)
  }

  private func opened() async throws -> LocalModel {
    if let model = model.withLock({ $0 }) { return model }
    // Files are read: off Swift's pool.
    let result = await Parallel.mapOffPool([entry]) { [folder] entry in
      Result {
        let model = try LocalModel(folder: folder, name: entry.name)
        guard model.fingerprint == entry.fingerprint, model.space == entry.space else {
          throw LocalModelError(
            .damaged,
            "the weights of \(entry.name) in \(folder) are not those that were added; remove the model and "
              + "add it again")
        }
        return model
      }
    }
    let opened = try result[0].get()
    return model.withLock { known in
      known = known ?? opened
      return known ?? opened
    }
  }
}
