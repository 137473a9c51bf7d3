import Foundation
import TestSupport
import Testing

@testable import StoreCLI

@Suite struct EnvironmentFileTests {
  private static func entries(in folder: String) throws -> [EnvironmentFile.Entry]? {
    guard case .file(let file) = try EnvironmentFile.read(".env.base", in: folder) else {
      return nil
    }
    return file.entries
  }

  private static func message(in folder: String) -> String? {
    do {
      _ = try EnvironmentFile.read(".env.base", in: folder)
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func readsAFileThatIsThere() throws {
    let folder = try TemporaryFolder()
    if case .nothing = try EnvironmentFile.read(".env.base", in: folder.url.path) {
    } else {
      Issue.record("there is no file")
    }
    try folder.write("\u{FEFF}A=1\r\nB=2\r\n", to: ".env.base")
    let entries = try #require(try Self.entries(in: folder.url.path))
    #expect(entries.map(\.name) == ["A", "B"])
    #expect(entries.map { $0.value?.revealed } == ["1", "2"])
    #expect(entries.map(\.line) == [1, 2])
  }

  @Test func followsALinkAndPassesOverFoldersAndPipes() throws {
    let folder = try TemporaryFolder()
    try folder.write("A=1", to: "elsewhere")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(".env.base"), withDestinationPath: "elsewhere")
    #expect(try Self.entries(in: folder.url.path)?.count == 1)

    for make in [
      { (path: String) in mkdir(path, 0o700) }, { (path: String) in mkfifo(path, 0o600) },
    ] {
      let other = try TemporaryFolder()
      #expect(make(other.path(".env.base")) == 0)
      if case .notRegular = try EnvironmentFile.read(".env.base", in: other.url.path) {
      } else {
        Issue.record("it is no regular file")
      }
    }
  }

  @Test func saysWhyAFileCannotBeRead() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("A=1", to: "file")
    #expect(
      Self.message(in: file)
        == "cannot read .env.base: Not a directory; mend it, or work in another folder")
    let path = try folder.write(Data([0x41, 0x3D, 0xFF, 0xFE]), to: ".env.base")
    #expect(
      Self.message(in: folder.url.path)
        == "cannot read .env.base: not UTF-8: byte 2 begins no valid character; convert the file "
        + "to UTF-8 first; mend it, or work in another folder")
    try folder.write(Data(count: EnvironmentFile.maximumBytes + 1), to: ".env.base")
    #expect(
      Self.message(in: folder.url.path)
        == "cannot read .env.base: larger than 1048576 bytes, the most that is read; mend it, or work "
        + "in another folder")
    try folder.write("A=1", to: ".env.base")
    #expect(chmod(path, 0) == 0)
    if geteuid() != 0 {
      #expect(
        Self.message(in: folder.url.path)
          == "cannot read .env.base: Permission denied; mend it, or work in another folder")
    }
  }
}
