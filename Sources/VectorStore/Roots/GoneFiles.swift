// Documents whose files a walk did not take any more: which they are, why, and whether they may be removed.

import Foundation
import VectorStoreText

/// Compares what the walks of a run took with what the store has of their roots.
struct GoneFiles: Sendable {
  /// A document of the collection that comes from a file.
  typealias Stored = (id: Int64, key: DocumentKey, root: Int64?)

  let plan: RootPlan
  let outcome: FileBatches.Outcome

  /// The documents of one root that are gone.
  struct OfRoot: Sendable {
    let root: RootWalk
    var gone: [(id: Int64, gone: AddReport.Gone)] = []
    /// How many documents the root had.
    var documents = 0

    /// Whether this looks like a disk that is not there: the folder is missing or empty, or more than half of
    /// its documents are gone at once.
    var isSuspicious: Bool {
      root.wasFolder && (root.isFolder == nil || 2 * gone.count > documents)
    }
  }

  /// Sorts the documents by root. Those that no walk is answerable for are left out.
  ///
  /// A root is answerable for its own documents; also for what lies in its folder and belongs to a root that
  /// was not walked or to none, if nothing is at its path any more.
  func find(among documents: [Stored]) -> [OfRoot] {
    var found = plan.walks.map { OfRoot(root: $0) }
    var byID: [Int64: Int] = [:]
    for (index, walk) in plan.walks.enumerated() where !walk.isPart {
      if let id = walk.id { byID[id] = index }
    }
    let folders = plan.walks.indices.filter {
      plan.walks[$0].isFolder != false && !plan.walks[$0].isPart
    }
    for document in documents {
      let source = document.key.source
      let own = document.root.flatMap { byID[$0] }
      let place = own ?? folders.first { plan.identity.lies(source, in: plan.walks[$0].source) }
      guard let place else { continue }
      found[place].documents += 1
      guard !outcome.taken.contains(source), let reason = reason(source, isOwn: own != nil) else {
        continue
      }
      found[place].gone.append((document.id, AddReport.Gone(source: source, reason: reason)))
    }
    return found
  }

  private func reason(_ source: String, isOwn: Bool) -> AddReport.Gone.Reason? {
    var status = stat()
    guard lstat(plan.identity.path(of: source), &status) == 0 else {
      return errno == ENOENT || errno == ENOTDIR ? .missing : isOwn ? .unreadable : nil
    }
    guard isOwn else { return nil }
    if let reason = outcome.leftOut[source] { return reason }
    // A folder that could not be read hides what is in it.
    let isHidden = outcome.leftOut.contains {
      $0.value == .unreadable && plan.identity.lies(source, in: $0.key)
    }
    if isHidden { return .unreadable }
    return status.st_mode & S_IFMT == S_IFREG ? .ignored : .notAFile
  }
}

extension AddReport.Gone.Reason {
  /// What is said of the files, after their number.
  func words(_ count: Int) -> String {
    let (is_, has) = count == 1 ? ("is", "holds") : ("are", "hold")
    return switch self {
    case .missing: "\(is_) gone"
    case .ignored: "\(is_) ignored now, or chosen no more by the globs"
    case .notText: "\(has) no text now"
    case .unreadable: "cannot be read now"
    case .notAFile: "\(is_) no plain file now"
    case .empty: "\(is_) empty now"
    }
  }
}

extension AddReport.Gone {
  /// One sentence for each reason: how many files, and some of their names.
  static func sentences(_ gone: [AddReport.Gone], _ identity: SourceIdentity) -> [String] {
    Reason.allCases.compactMap { reason in
      let sources = gone.filter { $0.reason == reason }.map { identity.shown(source: $0.source) }
      guard let first = sources.first else { return nil }
      let names = sources.prefix(5).joined(separator: ", ") + (sources.count > 5 ? ", …" : "")
      let (answers, answer) =
        reason == .missing
        ? ("still answers", "still answer") : ("does not answer now", "do not answer now")
      return sources.count == 1
        ? "the file of 1 document \(reason.words(1)): \(first); the document \(answers)"
        : "the files of \(sources.count) documents \(reason.words(sources.count)): \(names); the documents "
          + answer
    }
  }
}
