// Walks the roots of a run and reads their files, a batch at a time; knows afterwards what was taken.

import Foundation
import Synchronization
import VectorStoreText

/// Some documents and what was met on the way to them.
struct FileBatch: Sendable {
  var documents: [CutDocument] = []
  /// Files whose documents stay as they are, with their sources.
  var unchanged: [(source: String, stamp: FileStamp)] = []
  var warnings: [String] = []
  /// Files that were not taken.
  var leftOut: [AddReport.LeftOut] = []
  var failures: [StoreError] = []
  /// Files that a service is to parse.
  var forService: [FileForService] = []
  /// Files and problems met.
  var seen = 0
  /// All that will be met; nil while the walk has not come to its end.
  var total: Int?
}

/// Walks the roots of one run and reads the files, a batch at a time.
final class FileBatches: Sendable {
  /// A batch is full with so many bytes of text, or so many documents.
  private static let (fullBytes, fullDocuments) = (4 << 20, 256)
  /// What programs read may be packed: a small file may come to a text of many megabytes.
  private static let leastOfPacked = fullBytes / 16
  /// The walk is at most so many files ahead of reading, so that the total is known early and memory
  /// stays bounded.
  private static let filesAhead = 16_384

  /// What became of the files.
  struct Outcome: Sendable {
    /// The sources that were taken as documents, or whose documents stay as they are.
    var taken: Set<String> = []
    /// Why files that were met are no documents, by source.
    var leftOut: [String: AddReport.Gone.Reason] = [:]
  }

  private let state: Mutex<State>
  private let met = Mutex(Outcome())
  /// The store's own files, which a folder may hold.
  private let storePath: String
  /// What the store has of files that are not read again as long as they stay as they are, by source.
  private let known: [String: ReadFile]

  init(plan: RootPlan, storePath: String, known: [String: ReadFile]) throws {
    self.known = known
    self.storePath = plan.identity.absolute(storePath)
    state = Mutex(try State(plan))
  }

  /// What was taken and what was not, so far.
  var outcome: Outcome { met.withLock { $0 } }

  /// The next batch, nil after the last. Blocks its thread.
  func next() -> FileBatch? {
    var files: [(file: FoundFile, root: RootWalk)] = []
    var batch = FileBatch()
    var bytes = 0
    state.withLock { state in
      while files.count < Self.fullDocuments, bytes < Self.fullBytes, let finding = state.next() {
        batch.seen += 1
        switch finding {
        case .file(let file, _) where isOfTheStore(file.path):
          guard file.isNamed else { continue }
          batch.failures.append(
            StoreError(
              .invalidArgument,
              "\(file.source) is the store itself or belongs to it; add other files"))
        case .file(let file, let root):
          files.append((file, root))
          bytes += max(
            Int(StoreFile.size(of: file.path)),
            root.reader.isReadByProgram(file.source) ? Self.leastOfPacked : 0)
        case .link(let path, let follows):
          batch.leftOut.append(AddReport.LeftOut(path, SkippedFile(linkIsFollowed: follows)))
        case .problem(let problem):
          met.withLock { $0.leftOut[problem.path] = .unreadable }
          batch.failures.append(StoreError(.pathNotFound, "\(problem)", underlying: problem))
        case .twin(let file):
          batch.failures.append(
            StoreError(
              .invalidArgument,
              "\(file.source) comes twice in its folder, with its accents written in two ways; rename "
                + "one of the files"))
        }
      }
      batch.total = state.isOver ? state.walked : nil
    }
    guard batch.seen > 0 else { return nil }
    let outcomes = Parallel.map(files) {
      $0.root.reader.read($0.file, known: known[$0.file.source])
    }
    take(outcomes, of: files, into: &batch)
    return batch
  }

  /// Sorts what came of files into their batch.
  func take(
    _ outcomes: [DocumentReader.FileOutcome], of files: [(file: FoundFile, root: RootWalk)],
    into batch: inout FileBatch
  ) {
    for ((file, root), outcome) in zip(files, outcomes) {
      switch outcome {
      case .forService(let instead, let isSent):
        batch.forService.append(
          FileForService(file: file, root: root, instead: instead, isSent: isSent))
      case .planned(let words):
        batch.warnings.append(words)
        leave(file, nil)
      case .putOff(let error):
        batch.failures.append(error)
        leave(file, nil)
      case .document(var document, let warning):
        document.file.root = root.id
        batch.documents.append(document)
        met.withLock { _ = $0.taken.insert(file.source) }
        if let warning { batch.warnings.append(warning) }
      case .unchanged(var stamp):
        stamp.root = root.id
        batch.unchanged.append((file.source, stamp))
        leave(file, nil)
      case .skipped(let leftOut, let isAboutTheFile):
        batch.leftOut.append(leftOut)
        leave(file, isAboutTheFile ? .notText : nil)
      case .failed(let error):
        let isAboutTheFile = (error.underlying as? DocumentParserError)?.isAboutTheFile ?? true
        leave(
          file, !isAboutTheFile ? nil : error.code == .notText ? .notText : .unreadable)
        batch.failures.append(error)
      }
    }
  }

  /// Notes why a file is no document; nil leaves the one that the store may have of it as it is.
  private func leave(_ file: FoundFile, _ reason: AddReport.Gone.Reason?) {
    met.withLock { met in
      if let reason { met.leftOut[file.source] = reason } else { met.taken.insert(file.source) }
    }
  }

  /// Whether a path is the store being written, its log, or another file beside it.
  private func isOfTheStore(_ path: String) -> Bool { Self.isOfStore(storePath, path) }

  /// Whether a path is a store, its log, or another file beside it.
  static func isOfStore(_ store: String, _ path: String) -> Bool {
    guard path.hasPrefix(store) else { return false }
    let rest = path.dropFirst(store.count)
    return rest.isEmpty || StorePath.sides.contains { rest.hasPrefix($0) }
  }

  /// What the walks come upon.
  private enum Finding {
    case file(FoundFile, RootWalk)
    case problem(FileProblem)
    /// A symbolic link that was not followed, and whether links are.
    case link(String, follows: Bool)
    /// A file of the same source as another of its folder.
    case twin(FoundFile)
  }

  /// The walks, some files ahead of those that are read.
  private struct State {
    private let plan: RootPlan
    /// For each root those inside its folder, the innermost first.
    private let inner: [[RootWalk]]
    /// Nil for a root that is not there.
    private var finders: [FileFinder?]
    private var walk: FileWalk?
    /// The next root.
    private var root = 0
    /// Where each source was met.
    private var places: [String: String] = [:]
    /// Met, the next first.
    private var ahead: ArraySlice<Finding> = []
    /// All that was met so far.
    private(set) var walked = 0
    /// Whether the walks have come to their end.
    private(set) var isOver = false

    init(_ plan: RootPlan) throws {
      self.plan = plan
      inner = plan.inner()
      do {
        finders = try plan.walks.map {
          $0.isFolder == nil
            ? nil
            : try FileFinder(
              path: $0.path, globs: $0.reader.options.globs,
              followsLinks: $0.reader.options.followsLinks, identity: plan.identity)
        }
      } catch {
        throw StoreError(.invalidArgument, "\(error)", underlying: error)
      }
    }

    mutating func next() -> Finding? {
      if ahead.isEmpty {
        var found: [Finding] = []
        while found.count < FileBatches.filesAhead, !isOver {
          if let finding = step() { found.append(finding) }
        }
        walked += found.count
        ahead = found[...]
      }
      return ahead.popFirst()
    }

    /// The next finding of the walks, nil for one that was met before and at their end.
    private mutating func step() -> Finding? {
      guard let finding = walk?.next() else {
        isOver = root == finders.count
        if !isOver {
          walk = finders[root]?.makeIterator()
          root += 1
        }
        return nil
      }
      switch finding {
      case .problem(let problem): return .problem(problem)
      case .link(let path):
        return .link(path, follows: plan.walks[root - 1].reader.options.followsLinks)
      case .file(let file):
        if let place = places.updateValue(file.path, forKey: file.source) {
          places[file.source] = place
          return place.utf8.elementsEqual(file.path.utf8) ? nil : .twin(file)
        }
        let owner = plan.owner(
          of: file.source, metBy: plan.walks[root - 1], inner: inner[root - 1])
        return .file(file, owner)
      }
    }
  }
}

extension FileStamp {
  /// The time and size of a file; nothing if it is gone.
  init(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    let seconds = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    modified = Timestamp.of(Date(timeIntervalSince1970: seconds))
    bytes = Int64(status.st_size)
  }

  /// What became of the file at a path since this was its stamp.
  func state(of path: String) -> Hit.FileState? {
    let now = FileStamp(of: path)
    guard now.bytes != nil else {
      return errno == ENOENT || errno == ENOTDIR ? .gone : nil
    }
    guard let modified, let bytes else { return nil }
    return now.modified == modified && now.bytes == bytes ? nil : .changed
  }
}
