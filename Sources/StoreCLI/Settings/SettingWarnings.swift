// What is worth a line on standard error though it is no error: names that mean nothing here, keys
// sent unencrypted, a file that loosens the budget. Called by SettingSources and ServiceSettings.

import VectorStore

/// The warnings, as pure decisions.
enum SettingWarnings {
  /// Names that look like settings and are none, and settings that stand without a value.
  ///
  /// What another program calls a setting of ours is told only where ours is not set. In the
  /// environment, which all programs share, that is done only for names that say where a key goes and
  /// who pays: the user might else think that this command goes by them.
  static func names(
    in files: [EnvironmentFile], environment: [String: String], found: Set<SettingName>,
    keys: [HiddenText]
  ) -> [String] {
    var warnings: [String] = []
    for file in files {
      for entry in file.entries {
        let place = "\(file.name), line \(entry.line): "
        if let name = SettingName(rawValue: entry.name) {
          if entry.value == nil {
            warnings.append(place + "\(name.rawValue) stands without = and sets nothing")
          }
        } else if SettingName.looksLikeOne(entry.name) {
          warnings += unknown(entry.name, found: found, keys: keys).map { place + $0 }
        }
      }
    }
    for (name, ours) in SettingName.foreignNames.sorted(by: { $0.key < $1.key })
    where [.apiURL, .organization, .project].contains(ours) && environment[name] != nil {
      warnings += unknown(name, found: found, keys: keys).map { "in the environment: " + $0 }
    }
    return warnings
  }

  /// What is wrong with a name that is no setting; nothing where its meaning is set by our name too.
  private static func unknown(
    _ name: String, found: Set<SettingName>, keys: [HiddenText]
  ) -> [String] {
    if let ours = SettingName.foreignNames[name.uppercased()] {
      return found.contains(ours)
        ? [] : ["\(name) is not read; the setting is called \(ours.rawValue) here"]
    }
    let shown = SettingText.printable(name, hiding: keys) ?? "a name \(SettingText.hidden)"
    let hint = SettingName.nearest(to: name).map { "; \($0.rawValue) is probably meant" } ?? ""
    return ["\(shown) is not a setting and is not read\(hint)"]
  }

  /// What is worth knowing before the service is asked.
  ///
  /// A `.env` file may loosen the budget, for that is what a project's settings are for. Where the
  /// key is the user's own and the file only lies in the folder, it is told.
  static func service(_ settings: ServiceSettings, printable: (String) -> String) -> [String] {
    let openAI = settings.openAI
    guard let key = openAI.keyOrigin, settings.mode.value != .mock else { return [] }
    var warnings: [String] = []
    let address = openAI.address
    if !address.value.isEncrypted, !address.value.isLoopback {
      warnings.append(
        "OPENAI_API_URL is \(printable(address.value.description)) (\(address.origin)): the key is "
          + "sent unencrypted; use https, or leave OPENAI_API_KEY out if the server needs none")
    }
    guard key.file == nil else { return warnings }
    func check<Value>(_ name: SettingName, _ setting: Setting<Value>?, _ loosens: Bool)
    where Value: SettingValue {
      guard loosens, let setting, setting.origin.file != nil else { return }
      warnings.append(
        "\(setting.origin): \(name.rawValue)=\(printable(setting.value.settingText)) loosens the "
          + "budget of the key in the environment; set \(name.rawValue) there too if that is meant")
    }
    let known = TokenPrice.known(model: openAI.model.value)?.perMillionTokens
    check(.provider, openAI.provider, openAI.provider.value != address.value.provider)
    check(.price, openAI.price, openAI.price?.value ?? .zero < known ?? .zero)
    check(.costTracking, settings.isCostTracked, !settings.isCostTracked.value)
    check(
      .dailyCostLimit, settings.dailyCostLimit,
      settings.dailyCostLimit.value > ServiceSettings.defaultDailyCostLimit)
    check(
      .hourlyRateLimit, settings.hourlyRequestLimit,
      settings.hourlyRequestLimit.value > ServiceSettings.defaultHourlyRequestLimit)
    check(.ledger, settings.ledgerPath, true)
    return warnings
  }
}
