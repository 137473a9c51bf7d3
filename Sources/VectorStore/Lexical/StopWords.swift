// The words that say nothing about what a question is after.

/// Lists of stop words: articles, pronouns, prepositions, auxiliaries and question words of a few
/// European languages, folded.
///
/// A search for any of a question's words would visit nearly every passage for "the", at a cost of
/// tenths of a second in 100,000 passages and no gain.
enum StopWords {
  /// The stop words among the words of a question: those of the language that explains most of
  /// them, so that "die" is one in German and not in English.
  ///
  /// None in a question of one or two words, which may well be a name.
  ///
  /// - Parameter words: the question's words, folded, repeats included.
  static func among(_ words: [String]) -> Set<String> {
    guard words.count > 2 else { return [] }
    let found = languages.map { list in words.filter(list.contains) }
    let most = found.map(\.count).max() ?? 0
    return Set(found.filter { $0.count == most }.joined())
  }

  /// The stop words of any language among words of which too few are there to tell the language.
  static func inAnyLanguage(_ words: [String]) -> Set<String> {
    Set(words.filter { word in languages.contains { $0.contains(word) } })
  }

  private static let languages: [Set<String>] = [
    english, german, french, spanish, italian, portuguese, dutch,
  ].map { Set($0.split(whereSeparator: \.isWhitespace).map { Folding.fold($0) }) }

  private static let english = """
    a about after again against all also am an and any are as at be because been before being
    between both but by can could did do does doing during each every few for from had has have
    having he her here hers him his how i if in into is it its just me more most much many my no nor
    not now of off on once only or other our out over own same shall she should since so some such
    than that the their theirs them then there these they this those through to too under until up
    upon us very was we were what when where whether which while who whom whose why will with within
    without would you your
    """

  private static let german = """
    aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bin bis
    bist da daher damit dann das dass daß dein deine dem den denen denn der deren des dessen deshalb
    die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines er
    es etwa euch euer für gegen hab habe haben hat hatte hatten hier hinter ich ihm ihn ihnen ihr ihre
    ihrem ihren ihrer im in indem ins ist ja jede jedem jeden jeder jedes jener kann kein keine keinem
    keinen keiner können könnte man mehr mein meine mit muss musste nach nicht nichts noch nun nur ob
    oder ohne sehr sein seine seinem seinen seiner seit sich sie sind so soll sollte sondern sonst
    über um und uns unser unter viel viele vom von vor wann war waren warum was weil welche welchem
    welchen welcher welches wenn wer werden wie wieder will wir wird wo wofür woher wollen worden
    wurde wurden würde zu zum zur zwar zwischen
    """

  private static let french = """
    a ai ainsi alors après au aucun aussi autre aux avant avec avoir car ce cela celle ces cet cette
    ceux chaque chez ci comme comment dans de depuis des donc dont du elle elles en encore entre est
    et étaient était étant été être eu eux fait fut il ils je la le les leur leurs lorsque lui ma
    mais me même mes moi mon ne ni nos notre nous on ont ou où par parce pas pendant plus pour
    pourquoi puis quand que quel quelle quelles quels qui quoi sa sans se ses si son sont sous sur ta
    te tes toi ton tous tout toute toutes tu un une vers vos votre vous y
    """

  private static let spanish = """
    a al algo alguna algunas alguno algunos ante antes aquel aquella aquí así aunque cada como cómo
    con contra cual cuál cuales cuáles cuando cuándo cuánto cuántos de del desde donde dónde durante
    e el él ella ellas ellos en entre era eran es esa esas ese eso esos esta está están estas este
    esto estos fue fueron ha había han hasta hay la las le les lo los más me mi mis muy no nos o otra
    otro otros para pero por porque qué que quién quien quienes se según ser si sí sido sin sobre son
    su sus también tan tanto te tiene tienen tu tus u un una unas uno unos y ya yo
    """

  private static let italian = """
    a ad agli ai al alla alle allo anche anni c che chi ci come con contro cosa cui da dagli dai dal
    dalla dalle dallo degli dei del della delle dello di dopo dove e è ed era erano essere fra fu gli
    ha hanno i il in io la le lei li lo loro lui ma mi mia mio ne negli nei nel nella nelle nello noi
    non nostro o ogni per perché però più poi prima qual quale quali quando quanti quanto quella
    quelle quello questa queste questi questo se senza si sia sono sopra stata stati stato su sua sue
    sugli sui sul sulla sulle sullo suo suoi tra tu tutti tutto un una uno vi
    """

  private static let portuguese = """
    a à ao aos aquela aquele aqui as às até cada com como da das de dela dele deles depois do dos e é
    ela elas ele eles em entre era eram essa esse esta está estão este eu foi foram há isso isto já
    lhe mais mas me mesmo meu minha muito na não nas nem no nos nós num numa o onde os ou para pela
    pelas pelo pelos por porque quais qual quando quanto quantos que quem são se sem ser seu seus só
    sobre sua suas também te tem têm teu tinha um uma uns você
    """

  private static let dutch = """
    aan af al alle als altijd ander andere ben bij daar dan dat de deze die dit doen door dus een
    eens en er ge geen had hadden heb hebben heeft hem het hier hij hoe hoeveel hun iets ik in is ja
    je kan kunnen maar me meer men met mij mijn moet na naar niet niets nog nu of om omdat ons ook op
    over te tegen toch toen tot u uit uw van veel voor waar waarom wanneer want waren was wat we wel
    welk welke werd werden wie wij wil worden wordt ze zelf zich zij zijn zo zonder zou
    """
}
