"""Words by which people order labels: scales from their lowest level to their highest, and what makes a level stronger.

Levels are sets of spellings in several languages, as `label_order.plain` has them: in small letters, of one space each.
They are the answers of common surveys (Likert scales) and the labels of common datasets, in English, German, French, Spanish,
Italian, Portuguese, Dutch, Polish, Russian, Turkish, Arabic, Chinese, Japanese and Korean.
"""

from __future__ import annotations

from typing import FrozenSet, NamedTuple, Tuple


class Scale(NamedTuple):
    """One meaning that labels are ordered by."""

    levels: Tuple[FrozenSet[str], ...]
    """Spellings of each level, lowest first. Levels of an odd number have a middle."""
    up: str = ""
    """What a higher level is, in words: "more positive". Empty where the ends' own names say it best."""
    down: str = ""


def _scale(*levels: str, up: str = "", down: str = "") -> Scale:
    return Scale(tuple(frozenset(map(str.strip, level.split("|"))) for level in levels), up, down)


STRONGER = frozenset(
    "very|extremely|strongly|strong|highly|really|completely|totally|most|sehr|äußerst|stark|völlig|überhaupt|"
    "voll und ganz|voll|très|tres|extrêmement|tout à fait|du tout|muy|sumamente|totalmente|completamente|"
    "molto|fortemente|muito|extremamente|zeer|heel|helemaal|bardzo|zdecydowanie|очень|крайне|полностью|çok|"
    "kesinlikle|جدا|بشدة|非常|很|十分|とても|非常に|強く|大変|全く|全然|매우|아주|강하게|전혀".split("|")
)
WEAKER = frozenset(
    "somewhat|slightly|slight|rather|fairly|mildly|weakly|weak|moderately|partly|a little|eher|etwas|leicht|"
    "plutôt|plutot|un peu|algo|un poco|più o meno|abbastanza|piuttosto|um pouco|enigszins|een beetje|raczej|"
    "trochę|скорее|немного|biraz|إلى حد ما|قليلا|比较|有点|稍微|やや|少し|どちらかといえば|약간|조금|다소".split("|")
)

_NEUTRAL = (
    "neutral|neu|mixed|neutral/mixed|neither|undecided|none|neutre|neutro|neutrale|neutraal|neutralny|neutralne|нейтральный|"
    "нейтрально|нейтральная|nötr|tarafsız|محايد|中性|中立|ニュートラル|중립|중립적"
)

SCALES = (
    _scale(
        "negative|neg|negativ|négatif|negatif|negativo|negatief|negatywny|negatywne|негативный|негативно|негативная|"
        "отрицательный|отрицательно|olumsuz|سلبي|消极|负面|負面|消極|ネガティブ|否定的|부정|부정적",
        _NEUTRAL,
        "positive|pos|positiv|positif|positivo|positief|pozytywny|pozytywne|позитивный|позитивно|позитивная|положительный|"
        "положительно|olumlu|إيجابي|积极|正面|積極|ポジティブ|肯定的|긍정|긍정적",
        up="more positive",
        down="more negative",
    ),
    _scale(
        "terrible|awful|horrible|worst|schrecklich|furchtbar|terrible|horrible|pessimo|péssimo|verschrikkelijk|"
        "okropny|ужасно|"
        "berbat|最差|最悪|최악",
        "bad|poor|schlecht|mauvais|malo|cattivo|ruim|mau|slecht|zły|плохо|плохой|kötü|سيئ|差|坏|悪い|나쁨",
        "okay|ok|average|fair|mediocre|acceptable|mittelmäßig|durchschnittlich|moyen|regular|medio|médio|matig|"
        "średni|средне|"
        "нормально|orta|متوسط|一般|中等|普通|보통",
        "good|gut|bon|bueno|buono|bom|goed|dobry|хорошо|хороший|iyi|جيد|好|良い|좋음",
        "excellent|great|amazing|perfect|best|outstanding|ausgezeichnet|hervorragend|excelente|eccellente|ottimo|ótimo|"
        "uitstekend|doskonały|świetny|отлично|mükemmel|ممتاز|优秀|最好|素晴らしい|最高|최고",
        up="a better rating",
        down="a worse rating",
    ),
    _scale(
        "disagree|stimme nicht zu|trifft nicht zu|pas d'accord|en désaccord|en desacuerdo|in disaccordo|discordo|oneens|"
        "nie zgadzam się|не согласен|katılmıyorum|غير موافق|不同意|同意しない|そう思わない|동의하지 않음",
        f"{_NEUTRAL}|neither agree nor disagree|weder noch|teils teils|ni d'accord ni pas d'accord|"
        "ni de acuerdo ni en desacuerdo|né d'accordo né in disaccordo|nem concordo nem discordo|niet eens niet oneens|"
        "ani tak ani nie|затрудняюсь ответить|kararsızım|どちらともいえない|どちらでもない|보통",
        "agree|stimme zu|trifft zu|d'accord|de acuerdo|d'accordo|concordo|eens|zgadzam się|согласен|katılıyorum|موافق|同意|"
        "同意する|そう思う|동의함|동의",
        up="more agreement",
        down="less agreement",
    ),
    _scale(
        "dissatisfied|unsatisfied|unzufrieden|insatisfait|mécontent|insatisfecho|insoddisfatto|insatisfeito|ontevreden|"
        "niezadowolony|недоволен|memnun değil|غير راض|不满意|不満|불만족",
        _NEUTRAL,
        "satisfied|zufrieden|satisfait|satisfecho|soddisfatto|satisfeito|tevreden|zadowolony|доволен|memnun|راض|满意|満足|만족",
        up="more satisfied",
        down="less satisfied",
    ),
    _scale(
        "unlikely|improbable|unwahrscheinlich|peu probable|improbable|improbabile|improvável|onwaarschijnlijk|"
        "mało prawdopodobne|маловероятно|不太可能|可能性が低い",
        "neutral|possible|possibly|möglich|posible|possibile|possível|mogelijk|możliwe|возможно|可能",
        "likely|probable|wahrscheinlich|probabile|provável|waarschijnlijk|prawdopodobne|вероятно|很可能|可能性が高い",
        up="more likely",
        down="less likely",
    ),
    _scale(
        "never|nie|niemals|jamais|nunca|mai|nooit|nigdy|никогда|hiçbir zaman|asla|أبدا|从不|決してない|전혀",
        "rarely|seldom|selten|rarement|raramente|rara vez|zelden|rzadko|редко|nadiren|نادرا|很少|めったにない|드물게",
        "sometimes|occasionally|manchmal|parfois|a veces|a volte|às vezes|soms|czasami|иногда|bazen|أحيانا|有时|時々|가끔",
        "often|frequently|usually|oft|häufig|souvent|a menudo|spesso|frequentemente|vaak|często|часто|sık sık|غالبا|经常|"
        "よく|자주",
        "always|immer|toujours|siempre|sempre|altijd|zawsze|всегда|her zaman|دائما|总是|いつも|항상",
        up="more often",
        down="less often",
    ),
    _scale(
        "lowest|minimal|minimum|none|no|keine|aucun|ninguno|nessuno|nenhum|geen|brak|нет|yok|لا شيء|无|なし|없음",
        "low|low risk|mild|minor|niedrig|gering|leicht|faible|bajo|basso|baixo|laag|niski|низкий|düşük|منخفض|低|낮음",
        "medium|medium risk|moderate|fair|mid|middle|mittel|mäßig|moyen|modéré|medio|moderado|moderato|médio|"
        "gemiddeld|średni|средний|orta|"
        "متوسط|中|보통",
        "high|high risk|severe|major|hoch|schwer|élevé|alto|grave|hoog|wysoki|высокий|yüksek|عال|高|높음",
        "highest|critical|extreme|maximal|maximum|kritisch|critique|crítico|critico|kritiek|krytyczny|критический|"
        "kritik|حرج|"
        "极高|最高|심각",
        up="a higher level",
        down="a lower level",
    ),
    _scale("small|klein|petit|pequeño|piccolo|pequeno", "medium|mittel|moyen|mediano|medio|médio", "large|big|groß|grand"),
    _scale("bearish", "neutral", "bullish", up="more bullish", down="more bearish"),
    _scale("decrease|worse|decreased", "same|stable|unchanged|no change", "increase|better|increased"),
    _scale("easy|beginner|elementary", "intermediate|medium", "hard|difficult|advanced", up="harder", down="easier"),
    _scale("left", "center|centre", "right"),
)  # fmt: skip
