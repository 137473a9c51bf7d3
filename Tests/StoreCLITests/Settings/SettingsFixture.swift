import Foundation
import TestSupport

@testable import StoreCLI

/// Settings out of an environment and two `.env` files, in a folder of their own.
struct SettingsFixture {
  /// Made up, with the form of a key of OpenAI's.
  static let key = "sk-proj-Zq81madeupKEYforTESTS0000"
  static let otherKey = "sk-other-7d1anotherMADEUPkey0000"

  var flags: [SettingName: (flag: String, text: String?)] = [:]
  var environment: [String: String] = [:]
  var development: String?
  var base: String?

  func sources() throws -> SettingSources {
    let folder = try folder()
    return try withExtendedLifetime(folder) {
      try SettingSources(flags: flags, environment: environment, folder: folder.url.path)
    }
  }

  func settings() throws -> Settings {
    let folder = try folder()
    return try withExtendedLifetime(folder) {
      try Settings(
        flags: flags, environment: ["HOME": "/home/user"].merging(environment) { $1 },
        folder: folder.url.path)
    }
  }

  /// The message with which the settings are refused, or nil if they are not.
  func message() throws -> String? {
    do {
      _ = try settings()
      return nil
    } catch let error as SettingsError {
      return error.description
    }
  }

  /// The message with which the key is refused, or nil if it is handed out.
  func keyRefusal() throws -> String? {
    let settings = try settings()
    do {
      _ = try settings.key()
      return nil
    } catch let error as SettingsError {
      return error.description
    }
  }

  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    if let development { try folder.write(development, to: ".env.development") }
    if let base { try folder.write(base, to: ".env.base") }
    return folder
  }
}
