// What the command adds to the library's messages: the subcommand, flag or variable that helps.

import VectorStore

enum Advice {
  /// What is said if all hits are weak.
  static let nothingNear =
    "nothing is near the question; what is shown is only the nearest there is, and may have nothing to do with it"

  /// What is said if an index was searched that may miss some.
  static let approximate =
    "the answer is approximate: the index of a store on PostgreSQL may miss a passage; --exact compares all"

  /// An error's message with the command's advice.
  static func message(_ error: any Error) -> String? {
    switch error {
    case let error as StoreError:
      advice(on: error.code).map { "\(error.message); \($0)" } ?? error.message
    case let error as LocalModelError:
      advice(on: error.code).map { "\(error.message); \($0)" } ?? error.message
    case let error as OpenAIConfigurationError:
      error.message(calling: { SettingName.name(of: error.service, setting: $0) ?? $0 })
    default: nil
    }
  }

  /// The two ways to meaning.
  static let meaning = "set OPENAI_API_KEY or run `store model pull all-MiniLM-L6-v2`"

  /// What helps against errors of models that run here.
  static func advice(on code: LocalModelError.Code) -> String? {
    switch code {
    case .missing:
      "`store model list` shows the models here, `store model list --known` those to fetch"
    case .exists: "`store model remove` removes it, --name gives another name"
    default: nil
    }
  }

  /// What helps against errors of a code.
  static func advice(on code: StoreError.Code) -> String? {
    switch code {
    case .collectionNotFound, .spaceMismatch:
      "`store collections` lists the collections and their spaces, --collection names one"
    case .documentNotFound: "`store list` shows what it has"
    case .commandNotRun:
      "`store roots` shows the commands; if you trust one, `store update --convert 'ending=command {}'` names it "
        + "and allows it"
    case .damaged, .foreignSchema: "run `store doctor`, then `store doctor --repair`"
    case .serviceUnavailable:
      "without a key, \(meaning); `store health` tries the service and shows the settings"
    case .textTooLong:
      "`store add --chunk-tokens 200` cuts documents shorter, OPENAI_MAX_TOKENS_PER_TEXT says what the "
        + "server takes"
    case .authenticationFailed:
      "check OPENAI_API_KEY, OPENAI_API_URL and OPENAI_MODEL, or with --rerank those that begin with RERANK_, or "
        + "for parsing documents LLAMAPARSE_; `store health` shows what is set"
    case .rateLimited:
      "OPENAI_REQUESTS_PER_MINUTE and OPENAI_TOKENS_PER_MINUTE set how fast requests are sent"
    case .budgetExceeded:
      "DAILY_COST_LIMIT_OPENAI, HOURLY_RATE_LIMIT_OPENAI (for parsing documents, …_LLAMAPARSE) and --max-cost are "
        + "the limits, "
        + "`store usage` shows what is used"
    default: nil
    }
  }

  /// The flag that helps against files of a kind being skipped.
  static func advice(on kind: SkippedFileKind) -> String? {
    switch kind {
    case .link: "--follow"
    case .otherEncoding: "--encoding NAME"
    default: nil
    }
  }

  /// The subcommand that does what doctor advises on a check.
  static func advice(on check: DoctorReport.Name) -> String? {
    switch check {
    case .unembedded, .standIns, .pending: "`store reembed`"
    case .refused: "`store list --failed` shows them"
    case .files: "`store add`, --prune"
    case .staged, .disk: "`store compact`"
    default: nil
    }
  }
}

extension QueryResult {
  /// What the reader of the hits should know.
  var notes: [String] {
    [
      degradedReason, noHitsReason, pending?.message, isNothingNear ? Advice.nothingNear : nil,
      effort.isApproximate ? Advice.approximate : nil,
    ].compactMap(\.self)
  }
}
