// The roots that one run brings in step, and which of them a file belongs to.

import Foundation
import VectorStoreText

/// A root on its way through a run.
struct RootWalk: Sendable {
  /// Its row; nil in a dry run of a new one.
  var id: Int64?
  /// Whether it is only one file of the root: the others are not looked at.
  let isPart: Bool
  /// As a source is written.
  let source: String
  /// Where it is: absolute.
  let path: String
  /// What is there; nil if nothing is.
  let isFolder: Bool?
  /// What was there when it was added.
  let wasFolder: Bool
  let reader: DocumentReader
  private let filter: GlobFilter

  /// - Throws: ``StoreError`` with `invalidArgument` for a glob that is none.
  init(
    id: Int64?, source: String, path: String, isFolder: Bool?, wasFolder: Bool,
    isPart: Bool = false,
    kept: RootOptions, _ given: AddOptions
  ) throws(StoreError) {
    self.id = id
    self.isPart = isPart
    self.source = source
    self.path = path
    self.isFolder = isFolder
    self.wasFolder = wasFolder
    reader = DocumentReader(options: kept.over(given))
    do {
      filter = try GlobFilter(kept.globs)
    } catch {
      throw StoreError(.invalidArgument, "\(error)", underlying: error)
    }
  }

  /// Whether it takes a file by its name.
  fileprivate func takes(_ source: String, _ identity: SourceIdentity) -> Bool {
    guard let rest = identity.relative(source, below: self.source) else { return false }
    return rest.isEmpty || filter.takes(rest)
  }
}

/// The roots of a run.
struct RootPlan: Sendable {
  /// Those that are walked, the innermost of two first, else in the order given.
  var walks: [RootWalk] = []
  /// Other roots of the collection, whose files keep their own options.
  var others: [RootWalk] = []
  /// Paths that nothing is at and that no root remembers, as they were given.
  var missing: [String] = []
  /// What new options change, in words.
  var changes: [String] = []

  let identity: SourceIdentity

  /// For each walk the roots inside its folder, the innermost first.
  func inner() -> [[RootWalk]] {
    walks.map { walk in
      guard walk.isFolder == true else { return [] }
      return (walks + others).filter {
        !$0.isPart && $0.source != walk.source && identity.lies($0.source, in: walk.source)
      }.sorted { $0.path.utf8.count > $1.path.utf8.count }
    }
  }

  /// The root that a file belongs to which a walk met: the innermost that takes it.
  func owner(of source: String, metBy walk: RootWalk, inner: [RootWalk]) -> RootWalk {
    inner.first { $0.takes(source, identity) } ?? walk
  }
}

extension RootPlan {
  /// What a run of `add` walks: the paths given, with the options that they are remembered with.
  ///
  /// A file that belongs to a remembered folder stays there, unless options are given for it.
  static func adding(
    _ paths: [String], known: [RootRecord], identity: SourceIdentity, _ given: AddOptions
  ) throws -> (plan: RootPlan, new: [NewRoot]) {
    var plan = RootPlan(identity: identity)
    var new: [NewRoot] = []
    var seen: Set<String> = []
    let byPath = Dictionary(known.map { ($0.path, $0) }) { first, _ in first }
    let folders = known.filter(\.isFolder)
    let hasOptions =
      !given.metadata.isEmpty || given.chunking != nil || !given.converters.isEmpty
      || given.textField != nil
    for typed in paths {
      let path = typed.isEmpty ? "" : identity.absolute(typed)
      let source = identity.source(at: path)
      guard seen.insert(path).inserted else { continue }
      let record = byPath[source]
      guard !typed.isEmpty, let isFolder = kind(path) ?? record?.isFolder else {
        plan.missing.append(typed)
        continue
      }
      let isThere = kind(path) != nil
      let around = folders.filter { identity.lies(source, in: $0.path) }
        .max { $0.path.utf8.count < $1.path.utf8.count }
      let base =
        record?.options
        ?? around.map { around in
          var options = around.options
          options.globs = []
          return options
        } ?? RootOptions()
      let options = base.merging(given)
      func walk(_ id: Int64?, isPart: Bool = false) throws -> RootWalk {
        try RootWalk(
          id: id, source: source, path: path, isFolder: isThere ? isFolder : nil,
          wasFolder: isFolder, isPart: isPart,
          kept: options, given)
      }
      if record == nil, !isFolder, !hasOptions, let around,
        try RootWalk(
          id: around.id, source: around.path, path: identity.path(of: around.path), isFolder: true,
          wasFolder: true,
          kept: around.options, given
        ).takes(source, identity)
      {
        plan.walks.append(try walk(around.id, isPart: true))
        continue
      }
      if let record { plan.note(record.options.changes(to: options), of: path) }
      new.append(
        NewRoot(walk: plan.walks.count, source: source, isFolder: isFolder, options: options))
      plan.walks.append(try walk(record?.id))
    }
    try plan.finish(known, given, &new)
    return (plan, new)
  }

  /// What `update` walks: remembered roots, with the converters of a call over theirs.
  static func updating(
    _ roots: [RootRecord], known: [RootRecord], identity: SourceIdentity, _ given: AddOptions
  ) throws -> (plan: RootPlan, new: [NewRoot]) {
    var plan = RootPlan(identity: identity)
    var new: [NewRoot] = []
    for root in roots {
      let (path, options) = (identity.path(of: root.path), root.options.merging(given))
      if options != root.options {
        plan.note(root.options.changes(to: options), of: path)
        new.append(
          NewRoot(
            walk: plan.walks.count, source: root.path, isFolder: root.isFolder, options: options))
      }
      plan.walks.append(
        try RootWalk(
          id: root.id, source: root.path, path: path, isFolder: kind(path),
          wasFolder: root.isFolder, kept: options, given))
    }
    try plan.finish(known, given, &new)
    return (plan, new)
  }

  private mutating func note(_ new: [String], of path: String) {
    guard !new.isEmpty else { return }
    changes.append("\(identity.shown(path)) gets new options: \(new.joined(separator: "; "))")
  }

  /// A root that a run remembers, or gives other options, when it begins.
  struct NewRoot: Sendable {
    /// Its place among the walks.
    var walk: Int
    let source: String
    let isFolder: Bool
    let options: RootOptions
  }

  private mutating func finish(
    _ known: [RootRecord], _ given: AddOptions, _ new: inout [NewRoot]
  ) throws {
    let order = walks.indices.sorted {
      (depth($0), -$0) > (depth($1), -$1)
    }
    for index in new.indices {
      new[index].walk = order.firstIndex(of: new[index].walk) ?? new[index].walk
    }
    walks = order.map { walks[$0] }
    let walked = Set(walks.map(\.source))
    others = try known.filter { !walked.contains($0.path) }.map {
      try RootWalk(
        id: $0.id, source: $0.path, path: identity.path(of: $0.path), isFolder: $0.isFolder,
        wasFolder: $0.isFolder,
        kept: $0.options, given)
    }
  }

  /// How many of the other walks a walk lies in.
  private func depth(_ index: Int) -> Int {
    walks.count {
      $0.isFolder == true && $0.source != walks[index].source
        && identity.lies(walks[index].source, in: $0.source)
    }
  }

  /// Whether a folder is at a path; nil if nothing is there.
  private static func kind(_ path: String) -> Bool? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return status.st_mode & S_IFMT == S_IFDIR
  }
}
