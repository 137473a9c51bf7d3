import Foundation
import Testing
import VectorStore

@testable import StoreCLI

@Suite struct UserFoldersTests {
  @Test func followsTheXDGVariables() {
    let named = UserFolders(["XDG_STATE_HOME": "/s", "XDG_CACHE_HOME": "/c/", "HOME": "/h"])
    #expect(named.state == "/s/vector-store" && named.cache == "/c/vector-store")
  }

  @Test(arguments: [["HOME": "/h"], ["HOME": "/h", "XDG_STATE_HOME": "/s"], [:]])
  func theCommandsLedgerIsTheLibrarys(_ environment: [String: String]) throws {
    let settings = try Settings(environment: environment, folder: "/nowhere")
    #expect(settings.configuration.budget.ledgerPath == UserFolders(environment).ledger)
  }

  @Test(arguments: ["", "relative/folder", "./x", "~/x"])
  func ignoresWhatIsNotAbsolute(path: String) {
    let folders = UserFolders(["XDG_STATE_HOME": path, "XDG_CACHE_HOME": path, "HOME": "/h"])
    #expect(folders.state == "/h/.local/state/vector-store")
    #expect(folders.cache == "/h/.cache/vector-store")
    #expect(UserFolders(["HOME": path]).cache == NSHomeDirectory() + "/.cache/vector-store")
  }
}
