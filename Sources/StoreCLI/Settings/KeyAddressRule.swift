// The rule that guards the key: where it may be sent, by where the two come from. Asked by
// OpenAISettings before it hands the key out.

import VectorStore

/// A key is never sent to an address that comes from a less trusted place than the key.
///
/// The environment is the user's. A `.env` file may have come with a cloned repository, so each file
/// is a place of its own: its address is used with its own key only. An address of OpenAI's own is
/// free to stand anywhere, for the key would go there without it too.
///
/// This holds for keys. With a key of its own, or with none, a file does say where texts are sent.
enum KeyAddressRule {
  /// Why the key may not be sent to the address, or nil where it may.
  ///
  /// - Parameters:
  ///   - key: where the key comes from.
  ///   - shown: the address as it may be shown.
  static func refusal(
    key: SettingOrigin, address: Setting<ServiceAddress>, shown: String
  ) -> SettingsError? {
    guard let file = address.origin.file, !address.value.isOpenAI, key.file != file else {
      return nil
    }
    let remedy =
      key.file == nil
      ? "set OPENAI_API_URL in the environment too, or unset OPENAI_API_KEY there and put the key "
        + "for this address into \(file)"
      : "put the two into the same file, or set OPENAI_API_URL in the environment"
    return SettingsError(
      message: "the key is not sent to \(shown): OPENAI_API_URL comes from \(address.origin), and "
        + "OPENAI_API_KEY from \(key.file == nil ? "the \(key)" : "\(key)"); an address out of a "
        + ".env file is used with a key of the same file only, so that a folder from elsewhere "
        + "cannot steal a key; if you trust this address, \(remedy)")
  }
}
