// The walk itself, one folder open at a time, and what lies in a folder, in order.

internal import Foundation

/// Walks the path of a ``FileFinder``, one finding a call.
///
/// - Complexity: memory for the names in the folders from the root down to the current one.
package struct FileWalk: IteratorProtocol {
  /// A folder on the way down.
  private struct Frame {
    let listing: FolderListing
    /// The next of the listing's entries.
    var next = 0
    /// The length of the folder's path, its slash included.
    let pathLength: Int
    /// The ignore files that held outside of the folder.
    let ignoreCount: Int
  }

  private let finder: FileFinder
  private var hasBegun = false
  /// What stands before the walk's relative paths to make absolute ones: the root with a slash.
  private var pathPrefix: [UInt8] = []
  private var frames: [Frame] = []
  private var ignored = IgnoreStack()
  /// The current path as the ignore files see it: from the root of the repository.
  private var path: [UInt8] = []
  /// Where in ``path`` the root's own relative path begins.
  private var rootLength = 0
  private var problems: [FileProblem] = []
  /// Links that were not followed.
  private var links: [String] = []
  /// The folders walked so far, if links are followed: a link may lead back.
  private var walked: Set<FolderIdentity> = []
  private let recordsFolders: Bool
  /// The folders that were entered, if they are recorded.
  private(set) var folders: [String] = []

  init(_ finder: FileFinder, recordsFolders: Bool = false) {
    self.finder = finder
    self.recordsFolders = recordsFolders
  }

  package mutating func next() -> FileFinder.Finding? {
    while true {
      if !problems.isEmpty { return .problem(problems.removeFirst()) }
      if !links.isEmpty { return .link(links.removeFirst()) }
      if !frames.isEmpty {
        if let file = takeEntry() { return .file(file) }
      } else if !hasBegun {
        hasBegun = true
        if let file = takeRoot() { return .file(file) }
      } else {
        return nil
      }
    }
  }

  /// Begins: returns the path if it is a file, enters it if it is a folder.
  private mutating func takeRoot() -> FoundFile? {
    do {
      guard !finder.path.isEmpty else { throw FileProblem.Reason.missing }
      switch try FileKind(path: finder.path, followsLink: true) {
      case .file:
        return FoundFile(
          path: finder.path, source: finder.identity.source(at: finder.path), isNamed: true)
      case .folder:
        beginWalk()
      case .link, .other:
        throw FileProblem.Reason.notFileOrFolder
      }
    } catch {
      addProblem(error, path: finder.typed)
    }
    return nil
  }

  private mutating func beginWalk() {
    pathPrefix = Array(finder.path.utf8)
    if pathPrefix.last != GlobPattern.slash { pathPrefix.append(GlobPattern.slash) }
    ignored = IgnoreStack()
    path = ignored.enterAncestors(of: finder.path)
    rootLength = path.count
    enterFolder(finder.path)
  }

  /// Takes the next entry of the innermost folder, or leaves the folder after its last.
  private mutating func takeEntry() -> FoundFile? {
    let top = frames.count - 1
    path.removeSubrange(frames[top].pathLength...)
    guard frames[top].next < frames[top].listing.entries.count else {
      ignored.leave(to: frames.removeLast().ignoreCount)
      return nil
    }
    let entry = frames[top].listing.entries[frames[top].next]
    frames[top].next += 1
    path += frames[top].listing.name(entry)
    let bytes = pathPrefix + path[rootLength...]
    let place = String(decoding: bytes, as: UTF8.self)
    var isFolder = entry.isFolder
    if entry.isLink {
      guard let kind = followed(place), kind != .other else { return nil }
      isFolder = kind == .folder
    }
    guard isWanted(isFolder: isFolder) else { return nil }
    guard place.utf8.elementsEqual(bytes) else {
      addProblem(FileProblem.Reason.nameNotUTF8, path: finder.identity.source(at: place))
      return nil
    }
    if isFolder {
      path.append(GlobPattern.slash)
      enterFolder(place, followsLink: entry.isLink)
      return nil
    }
    return FoundFile(path: place, source: finder.identity.source(at: place))
  }

  /// What the link that ``path`` names leads to; nil if it is not to be followed, which is noted: it leads
  /// nowhere, or to a folder that has been walked, or links are not followed.
  private mutating func followed(_ place: String) -> FileKind? {
    guard finder.followsLinks, let kind = try? FileKind(path: place, followsLink: true),
      kind != .folder || !walked.contains(FolderIdentity(place))
    else {
      if isWanted(isFolder: false) { links.append(finder.identity.source(at: place)) }
      return nil
    }
    return kind
  }

  private func isWanted(isFolder: Bool) -> Bool {
    guard !ignored.ignores(path, isFolder: isFolder) else { return false }
    let relative = path[rootLength...]
    return isFolder ? finder.filter.takesFolder(relative) : finder.filter.takesFile(relative)
  }

  /// Enters the folder that ``path`` names.
  private mutating func enterFolder(_ folder: String, followsLink: Bool = false) {
    do {
      let listing = try FolderListing(path: folder, followsLink: followsLink || frames.isEmpty)
      if finder.followsLinks { walked.insert(FolderIdentity(folder)) }
      if recordsFolders { folders.append(folder) }
      frames.append(
        Frame(listing: listing, pathLength: path.count, ignoreCount: ignored.count))
      ignored.enter(
        folder, start: path.count, isRepository: listing.isRepository,
        hasIgnoreFile: listing.hasIgnoreFile)
    } catch {
      addProblem(error, path: finder.identity.source(at: folder))
    }
    problems += ignored.takeProblems()
  }

  private mutating func addProblem(_ error: any Error, path: String) {
    let reason = error as? FileProblem.Reason ?? .unreadable("\(error)")
    problems.append(FileProblem(path: path, reason: reason))
  }
}

/// Which folder it is, by whatever path.
private struct FolderIdentity: Hashable {
  private let device: dev_t
  private let number: ino_t

  /// - Parameter path: what is not there is a folder of its own kind.
  init(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      (device, number) = (0, 0)
      return
    }
    (device, number) = (status.st_dev, status.st_ino)
  }
}

/// The files and folders in one folder that a walk can take, sorted, in little memory.
///
/// Hidden names are left out, and so are sockets, pipes and devices. Names are kept as bytes
/// in one buffer: a million of them take some 30 MB.
struct FolderListing {
  /// One file or folder.
  struct Entry {
    fileprivate let start: UInt32
    fileprivate let length: UInt16
    let isFolder: Bool
    let isLink: Bool
  }

  /// In byte order of the paths below them: a folder's name counts as ending in a slash, so that a
  /// walk meets all paths in their own byte order.
  private(set) var entries: [Entry] = []
  /// Whether a regular file `.gitignore` is there.
  private(set) var hasIgnoreFile = false
  /// Whether `.git`, a folder or a file, is there.
  private(set) var isRepository = false

  private var names: [UInt8] = []

  /// Reads a folder.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - followsLink: whether `path` itself may be a symbolic link.
  /// - Throws: ``FileProblem/Reason``.
  /// - Complexity: O(*n* log *n*) in names.
  init(path: String, followsLink: Bool) throws {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (followsLink ? 0 : O_NOFOLLOW)
    let descriptor = open(path, flags)
    guard descriptor >= 0 else { throw FileProblem.Reason(errno: errno) }
    guard let folder = fdopendir(descriptor) else {
      let reason = FileProblem.Reason(errno: errno)
      close(descriptor)
      throw reason
    }
    defer { closedir(folder) }
    while true {
      errno = 0
      guard let entry = readdir(folder) else {
        if errno != 0 { throw FileProblem.Reason(errno: errno) }
        break
      }
      add(entry, in: descriptor)
    }
    sort()
  }

  /// The name of an entry.
  func name(_ entry: Entry) -> ArraySlice<UInt8> {
    names[Int(entry.start)..<(Int(entry.start) + Int(entry.length))]
  }

  private mutating func add(_ entry: UnsafeMutablePointer<dirent>, in folder: Int32) {
    // The record ends where its name does, so the field is never read as the array it is declared.
    guard let field = MemoryLayout<dirent>.offset(of: \.d_name) else { return }
    let start = UnsafeRawPointer(entry).advanced(by: field).assumingMemoryBound(to: CChar.self)
    let name = UnsafeRawBufferPointer(start: start, count: strlen(start))
    if name.first == UInt8(ascii: ".") {
      let isIgnoreFile = name.elementsEqual(".gitignore".utf8)
      guard isIgnoreFile || name.elementsEqual(".git".utf8) else { return }
      let kind = FileKind(entry.pointee.d_type, name: start, in: folder)
      if isIgnoreFile { hasIgnoreFile = kind == .file }
      if !isIgnoreFile { isRepository = kind == .file || kind == .folder }
      return
    }
    let kind = FileKind(entry.pointee.d_type, name: start, in: folder)
    guard kind != .other, names.count + name.count <= Int(UInt32.max),
      let length = UInt16(exactly: name.count)
    else { return }
    entries.append(
      Entry(
        start: UInt32(names.count), length: length, isFolder: kind == .folder, isLink: kind == .link
      ))
    names += name
  }

  private mutating func sort() {
    names.withUnsafeBufferPointer { names in
      entries.sort { first, second in
        let common = min(Int(first.length), Int(second.length))
        for index in 0..<common {
          let (a, b) = (names[Int(first.start) + index], names[Int(second.start) + index])
          if a != b { return a < b }
        }
        return Self.byte(common, of: first, in: names) < Self.byte(common, of: second, in: names)
      }
    }
  }

  /// A byte of a name with the slash that ends a folder's, and 0 after the end.
  private static func byte(
    _ index: Int, of entry: Entry, in names: UnsafeBufferPointer<UInt8>
  ) -> UInt8 {
    if index < Int(entry.length) { return names[Int(entry.start) + index] }
    return entry.isFolder ? GlobPattern.slash : 0
  }
}
