"""Russian. Keys are shared by all languages; no text here accuses anybody."""

from __future__ import annotations

from pipeline.report.formatting import Style

LANGUAGE = "ru"
DIRECTION = "ltr"
STYLE = Style(
    decimal=",",
    date_format="%d.%m.%Y",
    month_format="%m.%Y",
    interval="от {low} до {high}",
    units={
        "m2": "м²", "m": "м", "km2": "км²", "km": "км", "ha": "га", "dB": "дБ", "percent": "%",
        "deg": "°", "px": "пикс",
    },
)  # fmt: skip


def plural(n: int) -> str:
    """Return the CLDR category of a count."""
    if n % 10 == 1 and n % 100 != 11:
        return "one"
    return "few" if n % 10 in {2, 3, 4} and n % 100 not in {12, 13, 14} else "many"


MESSAGES: dict[str, str] = {
    # list
    "list.separator": ", ",
    # told
    "told": "{name}: {value}",
    # yes
    "yes": "да",
    # no
    "no": "нет",
    # sentence
    "sentence.failed": (
        "СБОЙ по состоянию на {as_of}: {failures} при загрузке или обработке. Дальнейшее "
        "неполно, и молчание здесь нельзя читать как «изменений нет»."
    ),
    "sentence.no-scenes": (
        "Не наблюдалось: с {start} по {end} не найдено ни одного снимка этого объекта. "
        "Молчание здесь нельзя читать как «изменений нет»."
    ),
    "sentence.not-observed": (
        "Не наблюдалось: с {start} по {end} — {found}, ни одной пригодной. Молчание здесь "
        "нельзя читать как «изменений нет»."
    ),
    "sentence.ended-only": (
        "Открытых эпизодов нет; завершено с {start} по {end}: {findings}. {lead}"
    ),
    "sentence.quiet": (
        "С {start} по {end} ({looks}) ни один показатель не пересёк согласованный порог."
    ),
    "sentence.undecided": "На пороге, без решения: {judgements}.",
    "sentence.unseen": "Не наблюдались в этот период зоны: {zones}.",
    "sentence.findings": "С {start} по {end} — {findings}: {counts}. {lead}",
    "sentence.pair-changed": "Между двумя датами различаются: {regions}, всего {area}.",
    "sentence.pair-unseen": (
        "Не наблюдалось: ни один пиксел не виден на обе даты. О том, что изменилось, не "
        "сказано ничего."
    ),
    "sentence.pair-empty": (
        "Ни один участок не различается между двумя датами сильнее собственного разброса этой пары."
    ),
    # finding
    "finding.sentence": (
        "В зоне {zone} показатель {indicator} достиг значения {value} при согласованном пороге "
        "({threshold}); впервые пересечён между {start} и {stop}."
    ),
    "finding.ended-sentence": (
        "В зоне {zone} показатель {indicator} достиг значения {value} при согласованном пороге "
        "({threshold}); пересечён между {start} и {stop}, вновь ниже порога между {end}."
    ),
    # stamp
    "stamp.failed": "СБОЙ",
    "stamp.failed.why": "Этот объект не удалось загрузить или обработать целиком.",
    "stamp.evaluation": "ТОЛЬКО ДЛЯ ОЦЕНКИ — вне какого-либо соглашения",
    "stamp.evaluation.why": (
        "Отдельная пара дат: у неё есть участки и нет показателей, и она никого ни к чему не "
        "обязывает."
    ),
    "stamp.rehearsal": "УЧЕБНАЯ ПРОВЕРКА",
    "stamp.rehearsal.why": "Снимки смоделированы или соглашение учебное. Это не соглашение.",
    "stamp.unsigned": "СОГЛАШЕНИЕ НЕ ПОДПИСАНО",
    "stamp.unsigned.why": "Приведённые ниже правила не подписаны обеими сторонами.",
    "stamp.not-calibrated": "НЕ ОТКАЛИБРОВАНО",
    "stamp.not-calibrated.why": (
        "Слова о вероятности не используются: не показано, что стоящие за ними частоты "
        "выдерживаются на собственных спокойных съёмках этого объекта."
    ),
    "stamp.drift": "БАЗОВЫЙ ПЕРИОД НЕ СОВПАДАЕТ С УТВЕРЖДЁННЫМ",
    "stamp.drift.why": (
        "То, с чем сравнивает этот отчёт, отличается от базового периода, утверждённого "
        "сторонами ({differences}): см. «Отклонение от утверждённого базового периода»."
    ),
    # count
    "count.looks.one": "{n} съёмка",
    "count.looks.few": "{n} съёмки",
    "count.looks.many": "{n} съёмок",
    "count.looks.other": "{n} съёмки",
    "count.usable.one": "{n} пригодная съёмка",
    "count.usable.few": "{n} пригодные съёмки",
    "count.usable.many": "{n} пригодных съёмок",
    "count.usable.other": "{n} пригодной съёмки",
    "count.quiet.one": "{n} спокойной съёмки",
    "count.quiet.few": "{n} спокойных съёмок",
    "count.quiet.many": "{n} спокойных съёмок",
    "count.quiet.other": "{n} спокойной съёмки",
    "count.observed.one": "{n} наблюдавшейся съёмки",
    "count.observed.few": "{n} наблюдавшихся съёмок",
    "count.observed.many": "{n} наблюдавшихся съёмок",
    "count.observed.other": "{n} наблюдавшейся съёмки",
    "count.findings.one": "{n} эпизод",
    "count.findings.few": "{n} эпизода",
    "count.findings.many": "{n} эпизодов",
    "count.findings.other": "{n} эпизода",
    "count.judgements.one": "{n} оценка",
    "count.judgements.few": "{n} оценки",
    "count.judgements.many": "{n} оценок",
    "count.judgements.other": "{n} оценки",
    "count.regions.one": "{n} участок",
    "count.regions.few": "{n} участка",
    "count.regions.many": "{n} участков",
    "count.regions.other": "{n} участка",
    "count.failures.one": "{n} сбой",
    "count.failures.few": "{n} сбоя",
    "count.failures.many": "{n} сбоев",
    "count.failures.other": "{n} сбоя",
    "count.differences.one": "{n} отличие",
    "count.differences.few": "{n} отличия",
    "count.differences.many": "{n} отличий",
    "count.differences.other": "{n} отличия",
    "count.zones.one": "{n} зона",
    "count.zones.few": "{n} зоны",
    "count.zones.many": "{n} зон",
    "count.zones.other": "{n} зоны",
    # none
    "none.unknown": "неизвестно",
    "none.said": "не указано",
    "none.agreement": "нет",
    "none.interval": "без интервала",
    "none.quiet-looks": "неизвестно: нет спокойных съёмок для сравнения",
    "none.not-ended": "не завершён на момент отчёта",
    "none.next-look": "следующая съёмка неизвестна",
    "none.sensor": "датчик не назван",
    "none.hypothesis": "не записано",
    "none.allowance": "допуск не согласован",
    "none.reply": "не поступал",
    "none.zones": "весь объект",
    "none.registration": "не измерялось",
    "none.findings-observed": (
        "Нет. Смотрите, что наблюдалось, чего нельзя было увидеть и что значит отсутствие эпизодов."
    ),
    "none.seen": "Нет, и ничего не наблюдалось: это не «изменений нет».",
    "none.failed": "Неизвестно: обработка не удалась.",
    "none.picture": "Изображения нет: ни один снимок этого объекта не удалось использовать.",
    "none.earlier": "нет",
    # label
    "label.site": "Объект",
    "label.declared-by": "Заявлен стороной",
    "label.area": "Площадь",
    "label.agreement": "Соглашение",
    "label.standing": "Статус",
    "label.period": "Период",
    "label.as-of": "По состоянию на",
    "label.finding": "Эпизоды",
    "label.before": "До",
    "label.after": "После",
    "label.regions": "Участки",
    "label.strongest": "Сильнейший участок",
    "label.scenes": "Снимки",
    "label.value": "Значение",
    "label.threshold": "Согласованный порог",
    "label.onset": "Начало",
    "label.end": "Окончание",
    "label.quiet": "Столь же высоко на",
    "label.persistence": "Устойчивость",
    "label.sensors": "Датчики",
    "label.treaty": "Что представляет",
    "label.joint": "Рассмотрение",
    "label.ledgers": "Пересчитано",
    "label.notification": "Уведомления",
    "label.benign": "Лучшее обыденное объяснение",
    "label.artefact": "Лучшее объяснение помехой",
    "label.smallest": "Наименьшее изменение, которое было бы замечено в 90 % случаев, худшая зона",
    "label.alarms": "Срабатываний из допуска",
    "label.looks": "Съёмки",
    "label.gap": "Наибольший перерыв",
    "label.hours": "Местное время съёмок",
    "label.next": "Следующая съёмка",
    "label.reply": "Ответ другой стороны",
    "label.earlier": "Ранее",
    "label.digest-record": "Запись, SHA-256",
    "label.digest-spoken": "Запись, для чтения вслух",
    "label.digest-agreement": "Соглашение, SHA-256",
    "label.provider": "Поставщик",
    "label.tile": "Лист",
    "label.processing-baseline": "Версия обработки",
    "label.registration": "Совмещение",
    "label.normalization": "Нормировка",
    "label.note": "Примечание",
    "label.tlp": "Порядок обращения",
    "label.audience": "Получатели",
    "label.permitted-use": "Разрешённое использование",
    # standing
    "standing.joint": "совместный",
    "standing.national": "национальный",
    "standing.rehearsal": "учебный",
    "standing.none": "нет",
    # kind
    "kind.monitor": "Оценка объекта",
    "kind.compare": "Сравнение пары",
    # title
    "title.compare": "Сравнение двух дат",
    # time
    "time.local": "{utc} ({local} местного)",
    "time.between": "между {start} и {end}, промежуток в днях: {days}",
    # period
    "period.told": "{start} – {end}",
    "period.baseline": "базовый период с {start} по {end}",
    # looks
    "looks.of": "возможных {planned}, найдено {found}, пригодных {usable}",
    "looks.unplanned": "найдено {found}, пригодных {usable}; сколько было возможно, неизвестно",
    "looks.gap": "{days} дн. без пригодной съёмки",
    # alarms
    "alarms.of": "{used} из {allowed}",
    "alarms.why": "за этот период, из согласованного числа на объект в год",
    # hours
    "hours.why": "происходящее в другие часы не видно",
    # next
    "next.why": "возможность по циклу повторения, а не обещание",
    # reply
    "reply.from": "от {party}, получен {received}",
    # earlier
    "earlier.follows": "{reference} (запись {spoken})",
    "earlier.corrects": "исправляет {reference} (запись {spoken})",
    "earlier.withdraws": "отзывает {reference} (запись {spoken})",
    "earlier.supersedes": "заменяет {reference} (запись {spoken})",
    # silence
    "silence.not-measured": "ещё не измерено",
    "silence.no-injection": (
        "В снимки не вносились пробные изменения, поэтому неизвестно, что могло остаться "
        "незамеченным."
    ),
    "contrast.brightness": "яркость",
    "contrast.bare_soil": "голая почва",
    "contrast.ndvi": "индекс NDVI",
    "contrast.snow": "индекс снега",
    "contrast.nbr": "индекс NBR",
    "silence.not-reached": "90 % не достигнуто или не измерено в зонах: {zones}",
    "silence.others": "в остальных зонах до {area}",
    "silence.where": "зона {zone}, {sensor}",
    "silence.none": "не достигнуто или не измерено",
    # finding
    "finding.quiet": "{k} из {looks}",
    "finding.quiet-none": "ни одной из {looks}",
    "finding.quiet.why": "спокойные съёмки с не меньшим отклонением",
    "finding.looks": "{over} из {observed} выше порога с начала",
    "finding.of": "{k} из {n}",
    # direction
    "direction.more": "больше ожидаемого",
    "direction.less": "меньше ожидаемого",
    # sensors
    "sensors.one": "только {sensors}",
    "sensors.many": "согласуются: {sensors}",
    # headline
    "headline.counted": "{word} — {n}",
    "headline.withdrawn": "Отозван",
    "headline.superseded": "Заменён",
    "headline.disputed": "Оспорен",
    "headline.explained": "Объяснён",
    "headline.notified": "По уведомлению",
    "headline.ended": "Завершён",
    "headline.persistent": "Устойчивый",
    "headline.tentative": "Предварительный",
    "headline.open": "Открыт",
    # evidence
    "evidence.tentative": "предварительный: одна съёмка выше порога",
    "evidence.provisional": "промежуточный: вторая съёмка, но ещё не согласованное число",
    "evidence.persistent": "устойчивый: согласованное число съёмок и длительность достигнуты",
    "evidence.ended": "завершён: достаточно наблюдавшихся съёмок ниже порога",
    "evidence.ended-confirmed": (
        "завершён; согласованное число съёмок и длительность были достигнуты"
    ),
    "evidence.insufficient-data": "слишком мало съёмок для решения",
    # joint
    "joint.unreviewed": "другой стороной ещё не рассмотрен",
    "joint.reproduced": "воспроизведён: те же снимки, те же правила, тот же результат",
    "joint.corroborated": "подкреплён другим датчиком или источником",
    "joint.partly-agreed": "согласован частично",
    "joint.disputed": "оспорен",
    "joint.not-comparable": "несопоставим",
    # disposition
    "disposition.unexplained": "объяснение не поступало",
    "disposition.notified": "по уведомлению",
    "disposition.exceeds-notification": "выходит за пределы уведомления",
    "disposition.explained": "объяснён",
    "disposition.withdrawn": "отозван",
    "disposition.superseded": "заменён",
    # threshold
    "threshold.absolute": "{value}",
    "threshold.relative": "{value} от ожидаемого значения",
    "threshold.deviation": "{value} отклонения от ожидаемого значения",
    "threshold.rate": "{value} за согласованное время",
    # notification
    "notification.consistent": "соответствует {notification}; на учёте на {on_file}",
    "notification.exceeds": "выходит за пределы {notification}: {fields}; на учёте на {on_file}",
    "notification.no-matching-notification": (
        "соответствующего уведомления на учёте нет на {on_file}"
    ),
    "notification.not-comparable": "{notification} несопоставимо; на учёте на {on_file}",
    "notification.short.consistent": "соответствует",
    "notification.short.exceeds": "выходит за пределы",
    "notification.short.no-matching-notification": "нет на учёте",
    "notification.short.not-comparable": "несопоставимо",
    # notified
    "notified.consistent": "замечено, соответствует",
    "notified.exceeds": "замечено, выходит за пределы уведомления",
    "notified.not-seen": "уведомлено, не замечено",
    "notified.could-not-have-been-seen": "не могло быть замечено",
    # field
    "field.from": "дата начала",
    "field.to": "дата окончания",
    "field.quantity": "количество",
    "field.zones": "зоны",
    # note
    "note.no-quantity-notified": "количество в уведомлении не указано",
    "note.quantity-not-comparable": (
        "количество в уведомлении дано в других единицах: несопоставимо"
    ),
    "note.observed-looks": "наблюдавшихся съёмок в пределах заявленных дат: {value}",
    "note.no-look-in-dates": "нет пригодной съёмки в пределах заявленных дат",
    # proposition
    "proposition": (
        "истинное значение показателя {indicator} в зоне {zone} пересекло порог {threshold}, "
        "{direction}, между {start} и {end}"
    ),
    # likelihood
    "likelihood.proposition": "Утверждение: {proposition}.",
    "likelihood.stated": "Словами записи: «{proposition}».",
    "likelihood.none": "Числом оно не оценено.",
    "likelihood.number": "Его вероятность {p} ({interval}).",
    "likelihood.number-uncalibrated": (
        "Собственное число метода для него — {p} ({interval}); оно не откалибровано, и его "
        "нельзя читать как вероятность."
    ),
    "likelihood.term": "В терминах {scale}: {term}.",
    "likelihood.no-term": (
        "Слова о вероятности не используются, поскольку одна из частей ниже не откалибрована."
    ),
    # confidence
    "confidence": "Аналитическая уверенность: {level}; основания: {basis}.",
    "confidence.low": "низкая",
    "confidence.moderate": "умеренная",
    "confidence.high": "высокая",
    # calibration
    "calibration.false_alarms": "ложные срабатывания, на настоящих спокойных съёмках",
    "calibration.detection": "обнаружение, по внесённым изменениям",
    "calibration.event": "событие, по решённым случаям",
    # kind
    "kind.activity": "деятельность",
    "kind.benign": "обыденное",
    "kind.artefact": "помеха",
    # fit
    "fit.consistent": "согласуется",
    "fit.inconsistent": "не согласуется",
    "fit.unknown": "не решено",
    # explanation
    "explanation.note": "{fit}; измерено: {measured}",
    # would-change
    "would-change": "Следующая съёмка: {next}, {sensor}. Она показала бы: {show}.",
    # outcome
    "outcome.change": "изменение",
    "outcome.no-change": "нет изменения",
    "outcome.at-threshold": "на пороге",
    "outcome.not-observed": "не наблюдалось",
    "outcome.not-observable": "не наблюдаемо",
    "outcome.failed": "сбой",
    # map
    "map.change": "эпизод, не разрешён",
    "map.at-threshold": "на пороге",
    "map.resolved": "эпизод, разрешён или завершён",
    "map.no-change": "эпизодов нет, наблюдалась",
    "map.not-observed": "не наблюдалась",
    "map.not-observable": "не наблюдаема",
    "map.failed": "сбой",
    "map.unobserved-pixels": "на эту дату не наблюдалось",
    "map.title": "Карта: {title}, {date}",
    "map.description": "Зоны на изображении {sensor} за {date}. {zones}.",
    "map.no-image": "Зоны без изображения. {zones}.",
    "map.north": "С",
    # picture
    "picture.before": "До",
    "picture.after": "После",
    "picture.anomaly": "Аномалия",
    # closeup
    "closeup.title": "{when}, зона {zone}, {sensor}",
    # picture
    "picture.title": "{sensor}, {when}, {date}",
    "picture.description": "{sensor} за {date}, с контурами заявленных зон.",
    "picture.swipe": "Шторка между «до» и «после»: {sensor}",
    "picture.stretch-optical": (
        "Естественные цвета; одна растяжка для обеих дат (отражение от {low} до {high}, гамма "
        "{gamma})."
    ),
    "picture.stretch-radar": (
        "Обратное рассеяние {band}; одна растяжка для обеих дат (от {low} до {high} дБ)."
    ),
    "picture.note": (
        "Изображения 8-битные, для глаза; измеренные значения — в слоях рядом с этой страницей."
    ),
    # score
    "score.title": "{sensor}: аномалия относительно собственного базового периода объекта",
    "score.pair": "Оценка изменения пары",
    "score.description": "{title} за {date}. Цвета от {low} до {high}.",
    "score.bar-anomaly": "аномалия, в робастных стандартных отклонениях спокойных съёмок",
    "score.bar-score": "оценка: чем больше, тем скорее изменилось; порядок, а не вероятность",
    "score.unscored": "наблюдалось, не оценивалось",
    "score.cloud": "не наблюдалось: облако",
    "score.shadow": "не наблюдалось: тень облака",
    "score.lost": "нет значения: не наблюдалось или исключено по иной причине",
    "score.outline": "контур: изменение по собственному порогу пары",
    "score.marks": "контур: выше +{mark}; точки: ниже −{mark}",
    # coverage
    "coverage.observed": "наблюдалось",
    "coverage.cloud": "облако",
    "coverage.shadow": "тень",
    "coverage.snow": "снег",
    "coverage.swath-edge": "край полосы",
    "coverage.missing": "отсутствует",
    "coverage.load-failed": "сбой загрузки",
    "coverage.withheld": "не передано",
    "coverage.description": (
        "{title}: доля каждой из зон ({zones}), увиденная на съёмках ({looks})."
    ),
    "coverage.monitoring": "период",
    "coverage.baseline": "базовый период",
    # chart
    "chart.title": "{indicator} · {zone} · {sensor}",
    "chart.description": (
        "{title}: {looks} с {start} по {end}; выше порога в периоде: {over}; без значения: "
        "{unseen}."
    ),
    "chart.threshold": "порог",
    "chart.baseline": "базовый период",
    "chart.period": "период",
    "chart.expected": "ожидаемое, с 95 % спокойных съёмок",
    "chart.interval": "значение с 95-процентным интервалом",
    "chart.notified": "заявленная деятельность",
    # registration
    "registration.corrected": (
        "сдвиг {dx}, {dy} пикс исправлен; остаток {residual} пикс по {tiles} клеткам"
    ),
    "registration.estimated": (
        "сдвиг {dx}, {dy} пикс оценён, не исправлен; остаток {residual} пикс по {tiles} клеткам"
    ),
    # status
    "status.used": "использован",
    "status.superseded": "заменён",
    "status.left-out": "не включён",
    "status.failed": "сбой",
    # result
    "result.pass": "выполнено",
    "result.warn": "внимание",
    "result.fail": "не выполнено",
    "result.not-applicable": "неприменимо",
    # step
    "step.alarm": "срабатывание",
    "step.none": "в пределах ожидаемого",
    "section.rhythm": "Ритм",
    "head.on-period": "Весь период",
    "head.on-window": "Последнее окно",
    "head.busy-months": "Отличные месяцы",
    "rhythm.span": "{verdict}: {seen}, p {p}",
    "rhythm.kept": "Рядов, сохранивших ритм: {kept} из {series}.",
    "empty.rhythm": "Ни одна зона не изменила ритм.",
    "empty.rhythm-looks": "Наблюдений слишком мало, чтобы сравнивать ритм.",
    "head.on-baseline": "В базовом периоде",
    "rhythm.on": "{on} из {observed} ({low}–{high})",
    "rhythm.usual": "{share} из {observed}",
    "rhythm.more": "чаще",
    "rhythm.less": "реже",
    "rhythm.none": "без изменений",
    "hint.rhythm": (
        "Наблюдение активно, если значение выше, чем в самой активной четверти базового "
        "периода (для «реже» — в самой спокойной). Деятельность, которая то есть, то нет, "
        "может не выполнить правило k из n и всё же видна здесь. Точный критерий против "
        "базового периода; «чаще» или «реже» сказано лишь там, где доля выходит и за пределы "
        "каждого базового месяца."
    ),
    # section
    "section.steps-quiet": "Сдвиги в пределах ожидаемого",
    # digest
    "digest.spoken.why": (
        "первые 16 шестнадцатеричных цифр как одно десятичное число; решает полная свёртка"
    ),
    # head
    "head.number": "№",
    "head.state": "Состояние",
    "head.zone": "Зона",
    "head.zones": "Зоны",
    "head.indicator": "Показатель",
    "head.value": "Значение (95 %)",
    "head.threshold": "Порог",
    "head.onset": "Начало между",
    "head.looks-over": "Выше порога",
    "head.notification": "Уведомление",
    "head.part": "Часть",
    "head.calibrated": "Откалибровано",
    "head.n": "Выборка",
    "head.as-of": "На дату",
    "head.ratio": "Опытное / номинальное",
    "head.why": "Почему",
    "head.prior": "Априорное",
    "head.posterior": "Апостериорное",
    "head.sensor": "Датчик",
    "head.look": "Съёмка",
    "head.looks": "Съёмки",
    "head.seen": "Видно не менее половины",
    "head.gap": "Наибольший перерыв, дн.",
    "head.lost": "Потеряно в среднем",
    "head.smallest": "Наименьшее, 90 %",
    "head.interval": "Интервал, га",
    "head.contrast": "Контраст",
    "head.injections": "Внесений",
    "head.expected": "Ожидаемое (95 % спокойных съёмок)",
    "head.outcome": "Исход",
    "head.band": "Канал",
    "head.file": "Файл",
    "head.bytes": "Байты",
    "head.sha256": "SHA-256 файла",
    "head.chip": "SHA-256 фрагмента",
    "head.scale": "Множитель",
    "head.offset": "Сдвиг",
    "head.scene": "Снимок",
    "head.provider": "Поставщик",
    "head.baseline": "Версия обработки",
    "head.residual": "Остаток, пикс",
    "head.files": "Файлы",
    "head.status": "Статус",
    "head.delivery": "Лист, поставщик, версия обработки",
    "head.check": "Проверка",
    "head.difference": "Что отличается",
    "head.subject": "Где",
    "head.ratified": "Утверждено",
    "head.here": "Здесь",
    "head.description": "Описание",
    "head.actual": "Фактически",
    "head.result": "Результат",
    "head.removed": "Вычтено",
    "head.expected-step": "Ожидалось",
    "head.alarm": "Срабатывание",
    "head.code": "Код",
    "head.relation": "Замечено?",
    "head.note": "Примечание",
    "head.area": "Площадь",
    "head.peak": "Наибольшая оценка",
    "head.mean": "Средняя оценка",
    "head.centroid": "Центр, шир., долг.",
    "head.bands": "За счёт",
    "head.name": "Имя",
    "head.setting": "Значение",
    "head.site": "Объект",
    "head.findings": "Эпизоды",
    "head.coverage": "Пригодные съёмки",
    "head.report": "Отчёт",
    # empty
    "empty.closest": "Ни одна съёмка периода не наблюдалась.",
    "empty.coverage": "Съёмок в записи нет.",
    "empty.files": "Файлов нет.",
    "empty.inputs": "Ни один снимок не использован.",
    "empty.unused": "Заменённых, не включённых и сбойных снимков нет.",
    "empty.checks": "Проверок в записи нет.",
    "empty.steps": "Общие сдвиги снимков не вычитались.",
    "empty.steps-alarm": "Ни один общий сдвиг не был достаточно велик для срабатывания.",
    "empty.failures": "Сбоев нет.",
    "empty.notified": "Заявленной деятельности по этому объекту и периоду нет.",
    "empty.regions": "Участков нет.",
    "empty.method": "В записи нет.",
    "empty.limits": "Кроме постоянных, указанных выше, нет.",
    "empty.index": "Готовых продуктов ещё нет.",
    # section
    "section.contents": "Содержание",
    "section.findings": "Эпизоды",
    "section.quiet": "Ближе всего к порогу",
    "section.map": "Карта",
    "section.pictures": "До и после",
    "section.scores": "Аномалия",
    "section.score-pair": "Оценка изменения",
    "section.more-regions": "Другие участки",
    "section.regions": "Участки",
    "section.coverage": "Что было видно",
    "section.silence": "Что значит отсутствие эпизодов",
    "section.series": "Ряды",
    "section.notified": "Заявленная деятельность",
    "section.steps": "Общие сдвиги снимков",
    "section.checks": "Проверки",
    "section.drift": "Отклонение от утверждённого базового периода",
    "section.inputs": "Исходные данные",
    "section.unused": "Неиспользованные снимки",
    "section.failures": "Сбои",
    "section.method": "Метод",
    "section.versions": "Версии",
    "section.limits": "Ограничения",
    "section.handling": "Порядок обращения",
    "section.likelihood": "Вероятность",
    "section.confidence": "Аналитическая уверенность",
    "section.hypotheses": "Объяснения для отметки",
    "section.would-change": "Что изменило бы наше мнение",
    "section.limits-finding": "Ограничения этого эпизода",
    "section.dissent": "Особое мнение",
    "section.calibration": "Калибровка",
    "section.assessments": "Оценки, на которых основан эпизод",
    "section.posteriors": "Приложение: те же данные при других априорных",
    "section.zone-states": "Зоны",
    "section.earlier": "Прежние отчёты",
    # standing-limit
    "standing-limit.declared": "О незаявленных местах здесь не сказано ничего.",
    "standing-limit.meaning": (
        "Здесь сказано, что измерено и между какими съёмками; что это значит, судить людям."
    ),
    "standing-limit.pair": (
        "Оценка упорядочивает пикселы; она не показывает, что именно изменилось, и ничего не "
        "говорит о местах вне сравниваемой площади."
    ),
    # hint
    "hint.quiet": "Для каждой зоны и показателя — съёмка периода, ближе всех подошедшая к порогу.",
    "hint.silence": (
        "В сами снимки вносились изменения известного размера; это наименьшее, найденное "
        "девять раз из десяти."
    ),
    "hint.coverage": (
        "Столбец — съёмка, строка — зона; заливка показывает, какая доля потеряна и почему."
    ),
    "hint.series": "Закрашенные знаки пересекли порог. Штрихи внизу — съёмки без значения.",
    "hint.steps": (
        "Вычтены до оценки зон, чтобы погода над всем снимком не считалась эпизодом; большой "
        "сдвиг — отдельное срабатывание."
    ),
    "hint.inputs": "Свёртки взяты по тем байтам, которые были раскодированы.",
    "hint.files": "Файлы и свёртки",
    "hint.files-paper": (
        "Свёртки отдельных файлов — в report.json, который связан свёрткой на первой странице."
    ),
    "hint.map": "Контуры взяты из соглашения; за пределами объекта ничего не показано.",
    "hint.index": (
        "Для каждого объекта сначала новейший. Указатель ничего не говорит о незаявленных местах."
    ),
    # index
    "index.title": "Отчёты",
    "index.none": "эпизодов нет",
    "index.looks": "пригодно съёмок: {usable} из {found}",
    "index.unreadable": "Запись этого продукта не читается: {why}",
    "index.failed": "СБОЙ",
    "index.quiet": "Эпизодов нет",
    "index.ended-only": "Завершено",
    "index.not-observed": "Не наблюдалось",
    "index.no-scenes": "Не наблюдалось",
    "index.pair-changed": "Участки",
    "index.pair-unseen": "Не наблюдалось",
    "index.pair-empty": "Участков нет",
    "index.withdrawn": "Отозван",
    "index.superseded": "Заменён",
    "index.disputed": "Оспорен",
    "index.explained": "Объяснён",
    "index.notified": "По уведомлению",
    "index.ended": "Завершён",
    "index.persistent": "Устойчивый",
    "index.tentative": "Предварительный",
    "index.open": "Открыт",
    "index.link": "открыть",
    "index.sums": "Малые изменения в сумме",
    # hint
    "hint.sums": "То, что по отдельности ниже порога, сложенное по согласованным объектам и дням.",
    # sums
    "sums.indicator": "показатель",
    "sums.sites": "объекты",
    "sums.state": "состояние",
    "sums.sum": "новейшая сумма",
    "sums.threshold": "порог",
    "sums.record": "запись",
    # index
    "index.latest": "Новейший отчёт по каждому объекту",
    # message
    "message.number": "Номер сообщения",
    "message.draft": "{reference} (проект: номер ряда присваивается при отправке)",
    "message.time": "Дата и время",
    "message.time.told": "запись по состоянию на {as_of}; отправлено: __.__.____ __:__ UTC",
    "message.treaty": "Ссылка на договор",
    "message.treaty.told": "{title} ({id}), свёртка {spoken}",
    "message.treaty.none": "нет: вне какого-либо соглашения",
    "message.earlier": "Прежние сообщения",
    "message.subject": "Предмет",
    "message.subject.told": "{site} ({id}), заявлен стороной {party}; зоны: {zones}",
    "message.content": "Содержание",
    "message.finding": "{headline}: {sentence}",
    "message.evidence": "{persistence}; {sensors}; {notification}.",
    "message.questions": "Вопросы",
    "message.question": (
        "Что, по мнению стороны {party}, сдвинуло показатель {indicator} в зоне {zone} между "
        "{start} и {end}?"
    ),
    "message.question-notice": (
        "Есть ли уведомление об этой деятельности, которого здесь не было на учёте на {on_file}?"
    ),
    "message.question-visit": (
        "Готова ли сторона {party} показать или описать зону {zone} в порядке, предусмотренном "
        "соглашением?"
    ),
    "message.question-none": "Нет.",
    "message.remarks": "Примечания",
    "message.remark-draft": (
        "Составлено машиной по записи; отправляется только уполномоченным лицом."
    ),
    "message.remark-record": "Запись {sha256}; для чтения вслух: {spoken}.",
    "message.end": "Конец сообщения",
    # page
    "page.of": "стр. {n} из {m}",
    # footer
    "footer": "Fair Witness · {title} · {as_of} · запись {spoken}",
    # limit
    "limit.not-proof-of-intent": "Измерение ничего не говорит о намерениях.",
    "limit.says-nothing-about-undeclared-places": "Незаявленные места не рассматривались.",
    "limit.says-nothing-outside-zones": "Местность вне заявленных зон не оценивалась.",
    "limit.not-calibrated": "Частоты, стоящие за вероятностями, ещё не измерены.",
    "limit.some-looks-not-observed": "На некоторых съёмках видно слишком мало зоны для оценки.",
    "limit.some-indicators-not-observable": (
        "Некоторые показатели не наблюдаемы использованными датчиками."
    ),
    "limit.proxy-measure": "Показатель косвенно отражает величину договора и не является ею.",
    "limit.quantities-not-comparable": (
        "Связь между измерением и заявленным количеством не подписана: они не сравниваются."
    ),
    # reason
    "zones.all": "все зоны",
    "section.foretold": "Верны ли названные вероятности",
    "hint.foretold": (
        "К спокойным участкам этого объекта на наблюдениях после базового периода добавлены "
        "изменения известного размера; затем правило этого отчёта указало, насколько вероятно"
        " каждое из них больше порога, близкого к его размеру. Ни одно не входило в число "
        "тех, по которым правило настроено."
    ),
    "foretold.error": (
        "Погрешность калибровки {error} по {n} утверждениям: среднее расстояние между "
        "названным и верным."
    ),
    "head.stated": "Названо",
    "head.came-true": "Верно (95 %)",
    "empty.foretold": "Ни одно внесённое изменение не измерено как площадь.",
    "section.reliability": "Сбываются ли частоты на спокойных снимках",
    "hint.reliability": (
        "Каждый спокойный снимок зон и их контуров, перенесённых на спокойную "
        "местность вокруг, оценён по всем остальным датам. Обещанное сопоставлено с "
        "увиденным."
    ),
    "reliability.title": "Ложные тревоги: увидено и обещано",
    "reliability.description": (
        "Частот: {n}, оси логарифмические; на линии обещание и опыт совпадают"
    ),
    "reliability.caption": (
        "Закрашенные круги: снимки базового периода, каждая дата исключена. Квадраты: "
        "согласованное правило нескольких снимков. Пустые круги: спокойная местность "
        "после базового периода. Отрезки: 95 %, даты целиком. Полоса: в пределах "
        "множителя 1,5."
    ),
    "reliability.promised": "обещано",
    "reliability.seen": "увидено",
    "rate.one-look": "один снимок",
    "rate.used": "один снимок, принятый уровень",
    "rate.confirmed": "согласованное число снимков",
    "rate.later-ground": "спокойная местность после базового периода",
    "head.what": "Что считается",
    "head.level": "Уровень",
    "head.promised": "Обещано",
    "head.dates": "Даты",
    "head.overdispersion": "Разброс между датами",
    "empty.reliability": "Ни один спокойный снимок не удалось учесть.",
    "reason.no-quiet-history": "нет спокойных снимков для сравнения",
    "reason.no-usable-look": "нет пригодного снимка, чтобы внести изменения",
    "reason.no-injection-for-measure": "изменения этого вида не вносятся",
    "reason.no-material-in-scene": "в сцене нет поверхности нужного вида",
    "reason.not-observable-here": "в этой зоне не наблюдается",
    "reason.not-reached": "не достигнуто в пределах внесённых размеров",
    "reason.below-smallest-injected": "уже при наименьшем внесённом размере",
    "reason.restless-date": "окрестности в эту дату были неспокойны",
    "reason.not-rarer-than-allowed": ("на спокойных снимках такое бывает чаще, чем допущено"),
    "reason.allowance-not-supported": ("слишком мало спокойных снимков для согласованного допуска"),
    "basis.detectability": (
        "вероятность обнаружить изменение такого размера на одном снимке: {value}"
    ),
    "term.almost-no-chance": "почти исключено",
    "term.very-unlikely": "очень маловероятно",
    "term.unlikely": "маловероятно",
    "term.roughly-even-chance": "примерно равные шансы",
    "term.likely": "вероятно",
    "term.very-likely": "очень вероятно",
    "term.almost-certain": "почти наверняка",
    "term.remote-chance": "отдалённая возможность",
    "term.highly-unlikely": "крайне маловероятно",
    "term.realistic-possibility": "реальная возможность",
    "term.highly-likely": "весьма вероятно",
    "term.exceptionally-unlikely": "исключительно маловероятно",
    "term.about-as-likely-as-not": "столь же вероятно, сколь и нет",
    "term.virtually-certain": "практически несомненно",
    "reason.no-method-for-sensor": "нет метода для этого датчика",
    "reason.no-reference-value": "нет исходного значения",
    "reason.declared-not-observable": "согласовано как не наблюдаемое",
    "reason.zone-below-floor": "зона меньше, чем допускает это измерение",
    "reason.zone-outside-grid": "зона вне снимков",
    "reason.direction-not-measured": "уменьшение этой величины не измеряется",
    "reason.threshold-contradicts-direction": "порог и направление противоречат друг другу",
    "reason.no-declaration": "к этому времени ничего не заявлено",
    "reason.no-earlier-look": "нет более ранней съёмки для скорости",
    "reason.replayed-pixels": (
        "почти те же пикселы, что у более ранней съёмки: не самостоятельное наблюдение"
    ),
    "reason.haze": "дымка над окрестностями",
    "reason.ring-not-white": "в окрестностях нет снега",
    "reason.persistently-masked": "исключено как облако на большинстве дат при ясных окрестностях",
    "reason.baseline-too-short": "в базовом периоде слишком мало съёмок",
    "reason.baseline-stale": "базовый период старше согласованного",
    "reason.calibration-not-measured": "калибровка ещё не измерена",
    "reason.not-measured": "пробные изменения в снимки ещё не вносились",
    "reason.history-too-short": "история слишком коротка, чтобы показать частоту",
    "reason.held-out-rate-off": "на отложенных спокойных съёмках частота не та, что обещана",
    "reason.confirmed-rate-off": "частота подтверждённых срабатываний выше обещанной",
    "reason.later-rate-off": "на более поздних датах частота выше обещанной",
    "reason.not-injected": "в эти снимки пробные изменения не вносились",
    "reason.nothing-detected": "ни одно внесённое изменение не обнаружено",
    "reason.detection-rate-off": "внесённые изменения обнаруживались реже заявленного",
    "reason.no-resolved-cases": "решённых случаев ещё нет",
    # basis
    "basis.looks-over": "съёмок выше порога: {value}",
    "basis.sensors": "независимых датчиков: {value}",
    "basis.baseline-looks": "спокойных съёмок в базовом периоде: {value}",
    "basis.baseline-age-days": "возраст базового периода, дней: {value}",
    "basis.registration-residual-px": "остаток совмещения {value} пикс",
    "basis.zone-partly-observed": "зона наблюдалась лишь частично",
    "basis.no-weakness": "по установленному правилу слабых мест нет",
    # hypothesis
    "hypothesis.vehicles-or-structures-present": "Присутствие машин или сооружений",
    "hypothesis.surfacing-or-building": "Покрытие или строительство",
    "hypothesis.earthworks": "Земляные работы",
    "hypothesis.clearing": "Расчистка",
    "hypothesis.winter-use": "Использование зимой",
    "hypothesis.fire": "Пожар",
    "hypothesis.change-of-use": "Смена использования",
    "hypothesis.wet-soil-or-rain": "Влажная почва или дождь",
    "hypothesis.civil-vehicles-or-containers": "Гражданские машины или контейнеры",
    "hypothesis.agriculture": "Сельское хозяйство",
    "hypothesis.civil-construction": "Гражданское строительство",
    "hypothesis.dry-bare-soil": "Сухая голая почва",
    "hypothesis.ploughing-or-harvest": "Вспашка или уборка урожая",
    "hypothesis.mowing-or-harvest": "Покос или уборка урожая",
    "hypothesis.season": "Время года",
    "hypothesis.thaw": "Оттепель",
    "hypothesis.road-service": "Дорожная служба",
    "hypothesis.controlled-burning": "Управляемое выжигание",
    "hypothesis.whole-scene-step": "Общий сдвиг снимка",
    "hypothesis.misregistration": "Неточное совмещение",
    "hypothesis.speckle-or-interference": "Спекл или радиопомеха",
    "hypothesis.frost-or-wet-snow": "Иней или мокрый снег",
    "hypothesis.snow-in-surroundings": "Снег в окрестностях",
    "hypothesis.ships-at-berth": "Суда у причала",
    "hypothesis.trains-standing": "Стоящие поезда",
    "hypothesis.civil-ships": "Гражданские суда",
    "hypothesis.civil-trains": "Гражданские поезда",
    "hypothesis.tide-and-wind": "Прилив и ветер",
    "hypothesis.residual-cloud-or-haze": "Остаточная облачность или дымка",
    # measured
    "measured.step-alarms": "съёмок выше порога с общим сдвигом: {value}",
    "measured.residual-px": "наибольший остаток {value} пикс",
    "measured.ring-step-db": "сдвиг окрестностей: до {value} дБ",
    "measured.haze": "тёмная местность ярче обычного: до {value}",
    "measured.snow-percent": "снег в окрестностях: до {value} %",
    "measured.cleared-percent": "зелёной местности вокруг, потерявшей зелень: до {value} %",
    "measured.season-days": "дней по календарю до ближайшей базовой съёмки: до {value}",
    "measured.masked-percent": "исключено на съёмке выше порога: до {value} %",
    # would-show
    "would-show.inside-quiet-band": (
        "значение внутри спокойной полосы засчиталось бы к окончанию этого эпизода"
    ),
    # check
    "check.agreement-signed": "свёртка соглашения подписана всеми сторонами",
    "check.scenes-loaded": "все найденные снимки удалось загрузить",
    "check.baseline-looks": "съёмок в базовом окне",
    "check.baseline-age": "возраст новейшей базовой съёмки",
    "check.registration-residual": "наибольший остаток совмещения",
    "check.baseline-ratified": "базовый период тот, что утверждён сторонами",
    "drift.told": "Утверждено: {parties}, {day}; свёртка {spoken}.",
    "drift.agreed": "Снимки базового периода перечислены в самом соглашении; свёртка {spoken}.",
    "drift.none": "Нет: снимки, их байты и статистики — утверждённые.",
    "drift.more": "Здесь перечислены только первые {shown}.",
    "drift.agreement": "утверждено по другому соглашению",
    "drift.site": "утверждено для другого объекта",
    "drift.scene-missing": "снимок утверждён, здесь его нет",
    "drift.scene-added": "снимок есть здесь, не утверждён",
    "drift.scene-changed": "другие байты",
    "drift.row-missing": "статистики утверждены, здесь их нет",
    "drift.row-added": "статистики есть здесь, не утверждены",
    "drift.looks": "число съёмок",
    "drift.mean": "среднее",
    "drift.median": "медиана",
    "drift.deviation": "стандартное отклонение",
    "drift.minimum": "минимум",
    "drift.maximum": "максимум",
    "value.no-ratified-baseline": "утверждённого базового периода нет",
    "ledgers.why": "по журналам сторон; начиная с R3 это воспроизведение",
    "said.bands-out-of-reach": "недоступны: {bands}",
    "said.usual-scale": "множитель и сдвиг обычные для: {sensor}",
    "said.declared-scale": "множитель и сдвиг по каталогу",
    "said.scale-from": "множитель и сдвиг из {file}",
    "said.scale-declared-offset-usual": "множитель {scale} по каталогу, сдвиг обычный",
    "said.offset-applied": "сдвиг 0: уже учтён поставщиком",
    "said.offset-applied-announced": (
        "сдвиг 0: уже учтён поставщиком, хотя каталог всё ещё указывает {offset}"
    ),
    "said.offset-from": "сдвиг {offset} из {file}",
    "said.offset-by-baseline": "сдвиг {offset}: версия обработки {baseline} содержит −1000 DN",
    "said.offset-by-date": (
        "сдвиг {offset}: версия обработки не указана, а продукты от {day} содержат −1000 DN"
    ),
    "said.offset-clash": "сдвиг {offset}: {why}, хотя каталог указывает {declared}",
    "said.offset-declared": "сдвиг {offset} по каталогу",
    "said.offset-none-baseline": "сдвиг 0: в версии обработки {baseline} его нет",
    "said.offset-none-early": "сдвиг 0: снято до его введения",
    "said.look-by-place": "направление витка {look}: по месту фрагмента на орбите",
    "said.published-only-late": (
        "опубликован {published}, после {until}; более ранней версии не известно"
    ),
    "said.published-late": "заменён на {id}: опубликован {published}, после {until}",
    "said.superseded-older": "заменён на {id}: прежняя версия той же съёмки",
    "said.superseded-twice": "заменён на {id}: указан дважды",
    "said.superseded-twice-other": "заменён на {id}: указан дважды, с другими файлами",
    "said.superseded-lower": "заменён на {id}: опубликован одновременно, меньший идентификатор",
    "said.sensor-not-agreed": "ни один согласованный показатель объекта не использует этот датчик",
    "said.too-cloudy": "облачность {cover} % выше предела каталога {limit} %",
    "said.described-by": "описан в {file}",
    "said.no-mtl": "нет файла MTL: известен день съёмки, но не время",
    "said.read-as": "прочитан как {sensor} по настройкам; дата из имени",
    "said.read-by-folder": "прочитан по имени папки: известен день съёмки, но не виток",
    "said.read-by-folder-orbit": (
        "прочитан по имени папки: известен день съёмки, виток по имени гранулы"
    ),
    "said.nodata-two": "«нет данных»: {header} в заголовке, {declared} в каталоге",
    "said.nodata-unfit": "«нет данных» {value} ({where}) невозможно в {type}",
    "said.pixel-size": "размер пиксела {found}, заявлен {declared}",
    "said.no-grid": "в заголовке нет сетки; взята из каталога",
    "said.other-driver": "заявлен как {declared}, прочитан как {found} по сигнатуре",
    "said.few-tiles": "фрагментов с достаточным числом пригодных пикселов: {n}",
    "said.poor-texture": "текстура слишком бедна: согласуются фрагменты, {n}",
    "said.tiles-disagree": "фрагменты расходятся: стандартная ошибка {error} пикс",
    "said.within-error": "в пределах собственной ошибки: оставлен как получен",
    "said.window-small": "окно {size} пикс слишком мало",
    "said.no-iteration": "без итераций",
    "said.beyond-search": "сдвиг за пределами поиска {limit} пикс",
    "said.not-estimated": "не оценивался",
    "said.no-reference": "нет опорного снимка",
    "said.normalization": "нормировка {band}: {why}",
    "said.few-ring": "в окружении лишь пикселов: {n}",
    "said.gain-held": "множитель оставлен 1: мало контраста в окружении",
    "said.few-invariant": "неизменных пикселов лишь {n}",
    "said.nearly-same": "почти те же пикселы, что у {scene}",
    "treaty.proxy": "косвенный признак для: {quantity}",
    "treaty.direct": "прямая мера для: {quantity}",
    "treaty.not_observable": "не наблюдаемо: {quantity}",
    "treaty.no-relation": "связь между ними не согласована; слова — из соглашения",
    "treaty.relation": "величину даёт согласованная связь; слова — из соглашения",
    "scale.icd203": "шкалы ICD 203",
    "scale.phia": "шкалы PHIA",
    "scale.ipcc": "шкалы МГЭИК (IPCC)",
    "failure.FW210": "Каталог не удалось прочитать.",
    "failure.FW220": "Снимок не удалось получить, прочитать или признать достоверным.",
    "failure.FW221": "Снимку нужно больше места, памяти или времени, чем разрешено.",
    "failure.FW230": "Результат не удалось записать.",
    "failure.FW130": "Контур объекта неверен или не пересекает ни одного растра.",
    "failure.FW150": "Продукт на диске отсутствует, неполон или изменён.",
    "failure.FW999": "Обработка прервана ошибкой программы.",
    "failure.told": "{what} Словами программы: {text}",
    "look.ascending": "восходящий",
    "look.descending": "нисходящий",
    "where.header": "заголовок",
    "where.catalogue": "каталог",
    # value
    "value.signed": "подписано",
    "value.not-signed": "не подписано",
    "value.not-measured": "не измерено",
    "value.failed": "сбоев",
    "value.days": "дн.",
    "value.px": "пикс",
    # audience
    "audience.own team": "своя группа",
    # sensor
    "sensor.pair": "Сравниваемая пара",
    # region
    "region.strongest": "№ {number}: {area}, наибольшая оценка {peak}",
    # sensor
    "sensor.sentinel-1-rtc": "Sentinel-1, радар",
    "sensor.sentinel-2-l2a": "Sentinel-2, оптика",
    "sensor.sentinel-2-l1c": "Sentinel-2, оптика (верх атмосферы)",
    "sensor.landsat-8-l2": "Landsat 8/9, оптика",
    "sensor.landsat-5-l2": "Landsat 5/7, оптика",
    # zone-kind
    "zone-kind.apron": "перрон",
    "zone-kind.hardstand": "площадка с твёрдым покрытием",
    "zone-kind.motor-pool": "автопарк",
    "zone-kind.pier": "причал",
    "zone-kind.depot": "склад",
    "zone-kind.barracks": "казармы",
    "zone-kind.rail-yard": "железнодорожный парк",
    "zone-kind.training-ground": "полигон",
    "zone-kind.other": "прочее",
}
