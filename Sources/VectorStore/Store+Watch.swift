// `watch`: roots are kept in step as long as it runs.

import Foundation
import VectorStoreText

extension Store {
  /// How long nothing must change before an update begins: a burst of changes is one update.
  private static let quiet = Duration.milliseconds(300)

  /// Brings roots in step, and again after each change of their files, until its task is cancelled.
  ///
  /// A burst of changes is one update. Options, budget and reports are those of
  /// ``update(_:in:options:progress:)``.
  ///
  /// - Parameters:
  ///   - roots: only these, or those that hold these paths; empty takes all.
  ///   - collection: only this collection's; nil takes all.
  ///   - options: what to remove, and what each update may cost.
  ///   - progress: called while an update runs, as by ``add(paths:to:options:progress:)``.
  ///   - onUpdate: called after each update with its reports, the first at once.
  /// - Throws: `CancellationError`, what `update` throws, and ``StoreError/Code/inputOutput`` if the system
  ///   watches no more folders.
  public func watch(
    _ roots: [String] = [], in collection: String? = nil, options: UpdateOptions = UpdateOptions(),
    progress: ProgressHandler? = nil, onUpdate: ([UpdateReport]) async throws -> Void
  ) async throws {
    while true {
      // Before the update: what changes while it runs is another one's.
      let watch = try await folderWatch(of: roots, in: collection)
      try await onUpdate(
        try await update(roots, in: collection, options: options, progress: progress))
      try await watch.next(quiet: Self.quiet)
    }
  }

  /// A watch on the folders that the walks of roots enter.
  private func folderWatch(of typed: [String], in collection: String?) async throws -> FolderWatch {
    let meant = typed.map { identity.source(of: $0) }
    let roots = try await self.roots(in: collection).filter { root in
      meant.isEmpty || meant.contains { identity.lies($0, in: root.source) }
    }
    return try await file.work { [identity, path = identity.absolute(file.path)] in
      do {
        let places = try roots.flatMap { root in
          try FileFinder(path: root.path, globs: root.globs, identity: identity).watchedPlaces()
        }
        return try FolderWatch(places) { changed in
          let name = changed.split(separator: "/").last ?? ""
          return name.hasPrefix(".") && name != ".gitignore" || FileBatches.isOfStore(path, changed)
        }
      } catch {
        throw StoreError(.inputOutput, "the folders cannot be watched: \(error)", underlying: error)
      }
    }
  }
}
