// A folder of files for the tests of the walk, and git to compare with.

import Foundation

/// A fresh temporary folder.
struct FileTree {
  let root: String

  /// Runs `body` in a fresh folder and removes it afterwards.
  static func with<Result>(_ body: (FileTree) throws -> Result) throws -> Result {
    let tree = try FileTree()
    defer { tree.remove() }
    return try body(tree)
  }

  /// Runs `body` in a fresh folder and removes it afterwards.
  static func with<Result>(_ body: (FileTree) async throws -> Result) async throws -> Result {
    let tree = try FileTree()
    defer { tree.remove() }
    return try await body(tree)
  }

  private init() throws {
    // Resolved, since the temporary folder of some systems lies behind a link.
    let temporary = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    root = temporary + "/file-tree-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  private func remove() {
    try? FileManager.default.removeItem(atPath: root)
  }

  func path(_ relative: String) -> String { root + "/" + relative }

  /// Creates empty files, with the folders they lie in; a path that ends in a slash is a folder.
  func create(_ paths: String...) throws {
    for path in paths { try write("", to: path) }
  }

  /// Writes a file, with the folders it lies in; a path that ends in a slash is a folder.
  func write(_ contents: String, to relative: String) throws {
    let isFolder = relative.hasSuffix("/")
    let folder = isFolder ? path(relative) : (path(relative) as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    if !isFolder { try Data(contents.utf8).write(to: URL(fileURLWithPath: path(relative))) }
  }

  func link(_ relative: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: path(relative), withDestinationPath: target)
  }
}

/// The git of this machine.
enum Git {
  static let executable: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "")
    .split(separator: ":").map { "\($0)/git" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  /// Runs git in `folder`, free of the user's own settings, and returns its standard output.
  ///
  /// It waits on a thread of its own: the pool that runs the tests has as few as two.
  static func run(_ arguments: [String], in folder: String, input: String = "") async throws
    -> [UInt8]
  {
    let inputFile = folder + "-input"
    try Data(input.utf8).write(to: URL(fileURLWithPath: inputFile))
    defer { try? FileManager.default.removeItem(atPath: inputFile) }
    return try await withCheckedThrowingContinuation { continuation in
      Thread {
        continuation.resume(
          with: Result { try runBlocking(arguments, in: folder, inputFile: inputFile) })
      }.start()
    }
  }

  private static func runBlocking(
    _ arguments: [String], in folder: String, inputFile: String
  ) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable ?? "")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = [
      "HOME": folder, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
      "GIT_CEILING_DIRECTORIES": (folder as NSString).deletingLastPathComponent,
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: inputFile))
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Array(data)
  }
}
