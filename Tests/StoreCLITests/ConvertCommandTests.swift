// --convert: files read by a command of the user's, remembered with the root, and run only after this user's word.

import Foundation
import TestSupport
import Testing

@Suite struct ConvertCommandTests {
  /// A folder with a file that a command reads, and the command beside it.
  private static func made() throws -> Command {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    try store.folder.write("#!/bin/sh\ntr a-z A-Z < \"$1\"\n", to: "bin/shout")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: store.folder.path("bin/shout"))
    try store.folder.write("walrus one", to: "d/a.up")
    try store.folder.write("plain", to: "d/b.md")
    return store
  }

  @Test func itIsRememberedAndUsedByUpdate() async throws {
    let store = try Self.made()
    let added = try await store.run("add", "d", "--convert", "up=bin/shout {}")
    #expect(added.status == 0, "\(added.errors)")
    #expect(try await store.run("get", "d/a.up").output.contains("WALRUS ONE"))
    let shout = store.folder.url.resolvingSymlinksInPath().path + "/bin/shout"
    #expect(
      try await store.run("roots").output.contains("--convert 'up=\(shout) {}'"))
    try store.folder.write("walrus two", to: "d/a.up")
    let updated = try await store.run("update")
    #expect(updated.status == 0, "\(updated.errors)")
    #expect(try await store.run("get", "d/a.up").output.contains("WALRUS TWO"))
    let ended = try await store.run("update", "--convert", "up=")
    #expect(ended.errors.contains("before by \(shout) {}"))
    #expect(try await store.run("get", "d/a.up").output.contains("walrus two"))
    let wrong = try await store.run("add", "d", "--convert", "up=cat")
    #expect(wrong.status == 64 && wrong.errors.contains("write {} there"), "\(wrong.errors)")
  }

  @Test func aStrangersStoreRunsNothingUnasked() async throws {
    let store = try Self.made()
    #expect(try await store.run("add", "d", "--convert", "up=bin/shout {}").status == 0)
    try store.folder.write("walrus two", to: "d/a.up")
    let home = try TemporaryFolder()
    var stranger = store
    stranger.environment["HOME"] = home.url.path
    for arguments in [["update"], ["add", "d"], ["add", "d/a.up"], ["update", "--dry-run"]] {
      let refused = try await stranger.run(arguments)
      #expect([1, 3].contains(refused.status), "\(arguments): \(refused.errors)")
      #expect(refused.errors.contains("was not run: you have not allowed it"), "\(arguments)")
      #expect(refused.errors.contains("`store update --convert 'ending=command {}'`"))
    }
    // No on a terminal, then yes, which is remembered.
    let no = try await stranger.run(typing: "n\n", "update")
    #expect(no.errors.contains("Run this command? [y/N]") && no.status == 3, "\(no.errors)")
    #expect(try await store.run("get", "d/a.up").output.contains("WALRUS ONE"))
    let yes = try await stranger.run(typing: "y\n", "update")
    #expect(yes.status == 0 && yes.errors.contains("/bin/shout {}"), "\(yes.errors)")
    #expect(try await store.run("get", "d/a.up").output.contains("WALRUS TWO"))
    let allowed = home.path(".local/state/vector-store/allowed-commands")
    #expect(
      try FileManager.default.attributesOfItem(atPath: allowed)[.posixPermissions] as? Int == 0o600)
    try store.folder.write("walrus three", to: "d/a.up")
    #expect(try await stranger.run("update").status == 0)
    // Another command is another question.
    let other = try await stranger.run(typing: "n\n", "update")
    #expect(!other.errors.contains("[y/N]"))
    #expect(try await store.run("update", "--convert", "up=cat {}").status == 0)
    try store.folder.write("walrus four", to: "d/a.up")
    #expect(try await stranger.run("update").status == 3)
    // Named on the command line it is allowed, in a pipe too.
    #expect(try await stranger.run("update", "--convert", "up=cat {}").status == 0)
    try store.folder.write("walrus five", to: "d/a.up")
    #expect(try await stranger.run("update").status == 0)
  }

  @Test func whatGoesWrongWithOneFileIsNamedAndTheRestGoesOn() async throws {
    let store = try Self.made()
    let added = try await store.run(
      "add", "d", "--convert", "up=no-such-program {}", "--convert", "md=false {}")
    #expect(
      added.errors.contains("skipped d/a.up: there is no program no-such-program"),
      "\(added.errors)")
    #expect(added.errors.contains("skipped d/b.md: false failed with exit status 1"))
    try store.folder.write("more", to: "d/c.txt")
    let inside = try await store.run("add", ".", "--convert", "up=bin/shout {}")
    #expect(inside.status == 1 && inside.errors.contains("leads into"), "\(inside.errors)")
    let empty = try await store.run("add", "d", "--convert", "up=true {}")
    #expect(empty.errors.contains("skipped d/a.up: the command \"true {}\" printed no text"))
    #expect(try await store.run("get", "d/c.txt").output.contains("more"))
  }
}
