// What lies in one folder, in order. The only reader of folders; FileFinder and IgnoreStack call it.

internal import Foundation

/// The files and folders in one folder that a walk can take, sorted, in little memory.
///
/// Hidden names are left out, and so are links, sockets, pipes and devices. Names are kept as bytes
/// in one buffer: a million of them take some 30 MB.
struct FolderListing {
  /// One file or folder.
  struct Entry {
    fileprivate let start: UInt32
    fileprivate let length: UInt16
    let isFolder: Bool
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
    guard kind == .file || kind == .folder, names.count + name.count <= Int(UInt32.max),
      let length = UInt16(exactly: name.count)
    else { return }
    entries.append(
      Entry(start: UInt32(names.count), length: length, isFolder: kind == .folder))
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
