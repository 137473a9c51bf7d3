// The words that say little, and the endings that fold words together.

/// Stop words, common words and stems, of words that are folded already (no accents, ß as ss).
enum MockWords {
  /// How much a word says by itself.
  enum Rank: UInt8 {
    /// Says what the text is about, as far as is known here.
    case other
    /// Has the stem of an everyday or common word.
    case everyday
    /// May stand in any text, as "first" or "year".
    case common
    /// Holds sentences together, as "the".
    case stop
  }

  /// The rank of a word among stop and common words, by its hash state.
  static func rank(of state: UInt64) -> Rank { words.rank(of: state) }

  /// The rank of a word that is neither a stop nor a common word, by the hash state of its stem.
  static func rank(ofStem state: UInt64) -> Rank { stems.rank(of: state) }

  /// How many of a word's scalars its stem has: the stem lacks the first of the ``endings`` that
  /// leaves at least four scalars.
  static func stemLength(of word: UnsafeBufferPointer<UInt32>) -> Int {
    guard let last = word.last, last >= 0x61, last <= 0x7A else { return word.count }
    var tail: UInt64 = 0
    for scalar in word.suffix(6) { tail = tail << 8 | UInt64(min(scalar, 0xFF)) }
    for ending in endingsByLetter[Int(last - 0x61)]
    where tail & ending.mask == ending.letters && word.count - ending.count >= 4 {
      return word.count - ending.count
    }
    return word.count
  }

  /// Endings of English plurals, verbs, nouns and adverbs, and of German plurals and adjectives, in
  /// the order of trial.
  private static let endings =
    "ations ation ments ment ness ings ing ities ity ies ied ed ers er es ly al s e y en em n"

  /// An ending as one number, a letter a byte.
  private struct Ending {
    var letters: UInt64
    var mask: UInt64
    var count: Int
  }

  private static let endingsByLetter: [[Ending]] = {
    var byLetter = [[Ending]](repeating: [], count: 26)
    for ending in endings.utf8.split(separator: 0x20) {
      let letters = ending.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      byLetter[Int(letters & 0xFF) - 0x61].append(
        Ending(letters: letters, mask: (1 << UInt64(ending.count * 8)) - 1, count: ending.count))
    }
    return byLetter
  }()

  private static let words: Table = {
    var table = Table()
    for list in [english, german, french, spanish, italian, dutch, portuguese] {
      table.insert(scalars(of: list), .stop)
    }
    for list in [commonEnglish, commonGerman, ambiguous] {
      table.insert(scalars(of: list), .common)
    }
    return table
  }()

  private static let stems: Table = {
    var table = Table()
    for list in [commonEnglish, everyday] {
      let stems = scalars(of: list).map { word in
        word.prefix(word.withUnsafeBufferPointer { stemLength(of: $0) })
      }
      table.insert(stems.map(Array.init), .everyday)
    }
    return table
  }()

  private static func scalars(of list: String) -> [[UInt32]] {
    list.split(whereSeparator: \.isWhitespace).map { $0.unicodeScalars.map(\.value) }
  }

  /// Ranks by hash state, in an open-addressing table, less than half full with the lists here.
  private struct Table {
    private var states = [UInt64](repeating: 0, count: 2048)
    private var ranks = [Rank](repeating: .other, count: 2048)

    func rank(of state: UInt64) -> Rank { ranks[slot(of: state)] }

    mutating func insert(_ words: [[UInt32]], _ rank: Rank) {
      for word in words {
        let state = word.reduce(0) { MockHash.extended($0, by: $1) }
        let slot = slot(of: state)
        states[slot] = state
        ranks[slot] = rank
      }
    }

    /// The slot that holds a state, or the free one where it belongs.
    private func slot(of state: UInt64) -> Int {
      var slot = Int(truncatingIfNeeded: state &>> 40) & 2047
      while states[slot] != 0 && states[slot] != state { slot = (slot + 1) & 2047 }
      return slot
    }
  }
}

extension MockWords {
  /// English.
  static let english = """
    a about above after again against all also am an and any are as at be because been before
    being below between both but by can could did do does doing down during each few for from
    further had has have having he her here hers herself him himself his how i if in into is it
    its itself just many may me might more most much must my myself no nor not now of off on
    once one only or other our ours ourselves out over own s same shall she should so some such
    t than that the their theirs them themselves then there these they this those through to too
    under until up upon us very was we were what when where which while who whom whose why will
    with would you your yours yourself yourselves
    """

  /// German, what the lists above lack.
  static let german = """
    aber alle allem aller alles als andere anderen anderer anderes auch auf aus bei beim bis
    bist da damit dann das dass dein deine dem den denn der deren des dessen die dies diese
    diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es etwas
    euch euer fur gegen gewesen hab habe haben hatte hatten hier hin hinter ich ihm ihn ihnen
    ihr ihre ihrem ihren ihrer im indem ins ist jede jedem jeden jeder jedes jener kann kein
    keine keinem keinen keiner konnen konnte mache mehr mein meine mit muss nach nicht nichts
    noch nun nur ob oder ohne sehr sein seine seinem seinen seiner seit selbst sich sie sind
    solche soll sollte sondern sonst uber um und uns unser unter viel viele vielen vom von vor
    wahrend wann waren warum weil welche welchem welchen welcher welches wem wen wenn wer werde
    werden wessen wie wieder wieviel wir wird wo woher wohin wurde wurden zu zum zur zwar
    zwischen
    """

  /// French, what the lists above lack.
  static let french = """
    alors au aucun aussi autre aux avec avoir ayant ce cela ces cet cette ceux chaque comme dans
    de depuis donc dont elle elles en encore est et etaient etait ete etre eux fait ici il ils
    je jusqu la le les leur leurs lors lui ma mais mes moi mon ne ni nos notre nous ont ou par
    parce pas pendant peu peut pour pourquoi qu quand que quel quelle quelles quels qui quoi sa
    sans se sera ses seulement sont sous sur tandis te tous tout toute toutes tres tu un une
    vers vos votre vous
    """

  /// Spanish, what the lists above lack.
  static let spanish = """
    al algo ante antes aunque cada como con contra cual cuales cuando cuanto del desde donde dos
    durante el ella ellas ellos entre eran esa esas ese eso esos esta estaba estas este esto
    estos fue fueron ha habia hasta las lo los mas mi mientras mucho muy nada nosotros o otra
    otros para pero poco por porque quien quienes segun ser si sobre su sus tambien tanto tiene
    tienen todo todos tras una uno unos y ya yo
    """

  /// Italian, what the lists above lack.
  static let italian = """
    agli ai alla anche ancora avere aveva che chi ci contro cosa cui dagli dal dalla dalle degli
    dei dell della delle dello di dopo due e ed erano essere fa fino fra gli hanno io lei li
    loro nei nel nella nelle nello noi non nostro ogni per perche piu poi prima quale quali
    quando quanto quella quello questa queste questi questo senza sia sono sotto sua sue sugli
    sul sulla suo suoi tra tutti tutto vi voi
    """

  /// Dutch, what the lists above lack.
  static let dutch = """
    aan bij dan dat deze dit doen door dus een ge heb hebben heeft hem het hij hoe hun iemand ik
    ja kan kon kunnen maar meer met mij mijn naar niet niets nog nu om omdat ons ook op reeds
    tegen toch toen tot uit uw van veel voor waar waarom wanneer wat wel welke werd wij wil
    worden wordt zal ze zei zelf zich zij zijn zo zonder zou
    """

  /// Portuguese, what the lists above lack.
  static let portuguese = """
    ao aos aquela aquele aqueles ate com dela dele deles depois ela elas ele eles em eram essa
    esse estava foi foram isso isto lhe lhes mesmo meu minha muito na nao nas nem nossa nosso
    num numa os pela pelas pelo pelos qual quem sao sem seu seus suas tambem tem tinha uma umas
    voce
    """

  /// Common words of English.
  static let commonEnglish = """
    across along although among another around based became become began begin called case cases
    certain common different early effect effects end even example first five form found four
    general get give given gives good got great high however important include includes
    including kind known large last later led less like little long low made main major make
    method methods name named names new number obtained often old order part particular people
    place possible present presented problem problems result results said say second see seen
    set several show shown shows similar since small still study take taken three time times
    took toward towards two type use used uses using various way well within without work year
    years yet
    """

  /// Common words of German.
  static let commonGerman = """
    art beispiel bekannt bereits drei erste ersten erster erstes etwa funf gemacht genannt gibt
    grosse grossen grosser grosses gut heisst heute immer jahr jahre jahren machte mehrere namen
    nennt neue neuen neuer neues rund spater teil verschiedene vier weitere weiteren wenige
    wenigen zahl zeit zwei
    """

  /// Stop words of one language that mean something in another.
  static let ambiguous =
    "allen bin car come comment dove era eu han hat hay man men mine plus sin son tan want war"

  /// Everyday words of English: whatever has the stem of one of them counts.
  static let everyday = """
    able accept according account achieve act actually add additional affect ago agree aim allow
    almost alone already alternative always amount annual answer anyone anything apart apparently
    appear apply approach appropriate approximately area argue arise arrange ask aspect assume
    attempt available average avoid aware away back bad basic basis bear believe belong best
    better big bit body break bring broad build call care carry cause central chance change choose
    claim clear close collect combine compare complete concern condition consider consist contain
    continue contrary contribute control correct cover create current cut date day deal decide
    decrease define degree demand depend derive describe design despite detail determine develop
    difference difficult direct discuss divide done double draw drive drop easy either element
    else emphasize enable enough ensure entire especially essential establish estimate event
    eventually ever every exact except exist expect experience explain extend extent extra extreme
    face fact factor fail fall famous far feature feel field figure fill final find fine fit
    follow foot force forward free frequent full function gain generate go goal grow half hand
    happen hard head hear held help hence hit hold hope hour idea identify immediate improve
    increase indeed indicate individual influence initial instance instead intend interest
    introduce involve issue item join keep key know lack late lay learn least leave level lie
    light likely limit line list live local look lose lot mainly maintain majority manner matter
    measure meet member mention mere mind minor moment month moreover mostly move multiple nature
    near necessary need neither never nevertheless next none normal note nothing notice object
    observe obvious occur offer open operate opportunity opposite ordinary original otherwise
    outside overall pass past path pay perform perhaps period play point position potential
    practice prefer prepare prevent previous primary prior probably proceed produce product
    property propose provide purpose put quality question quick quite raise range rapid rate
    rather reach read ready real reason receive recent recognize record reduce refer regard relate
    relative remain remove repeat replace report represent require respect respond rest retain
    return reveal right rise role rule run save scale seek seem select sell send separate serve
    settle shape share short side sign significant simple simply single sit situation size slow
    sometimes somewhat soon sort source speak specific spend stage stand start state stay step
    stop strong subject subsequent success sudden suffer suggest suit support suppose sure system
    talk tell tend term test thing think though thought thus today together top total touch
    transfer treat true try turn typical understand unless unlike upper usual value variety view
    visit wait walk watch week whether whole wide win wish wonder word world write wrong
    """
}
