//! The words of the tracking page and of its answer, in five languages.

use domain::OrderStatus;
use serde::Serialize;

/// The texts in one language. A part in braces stands for a value.
#[derive(Debug, Serialize)]
pub struct Words {
    /// The language's BCP 47 tag.
    pub tag: &'static str,
    /// The title of the page.
    pub title: &'static str,
    /// An order without a route.
    pub pending: &'static str,
    /// An order on a route, before the pickup.
    pub assigned: &'static str,
    /// An order in the courier's vehicle.
    pub in_progress: &'static str,
    /// A delivered order.
    pub delivered: &'static str,
    /// An order that could not be picked up or handed over.
    pub failed: &'static str,
    /// A cancelled order.
    pub cancelled: &'static str,
    /// A drop-off has failed, and the courier still has the parcel.
    pub undelivered: &'static str,
    /// The courier takes the parcel back.
    pub returning: &'static str,
    /// The parcel is back.
    pub returned: &'static str,
    /// The span of the expected time: `{from}` and `{to}`.
    pub expected: &'static str,
    /// The same on another day: `{window}`.
    pub expected_later: &'static str,
    /// No stop is before this one.
    pub next_stop: &'static str,
    /// One stop is before this one.
    pub one_stop_before: &'static str,
    /// Several stops are before this one: `{count}`.
    pub stops_before: &'static str,
    /// The courier: `{name}`.
    pub courier: &'static str,
    /// The PIN that the courier asks for: `{pin}`.
    pub pin: &'static str,
    /// What the photo of a delivery shows, for people who do not see it.
    pub photo: &'static str,
    /// The straight line from the courier to the door: `{distance}`.
    pub distance: &'static str,
    /// The time of the last answer: `{time}`.
    pub updated: &'static str,
    /// Asks for a note for the courier.
    pub leave_note: &'static str,
    /// Asks for a window for the next attempt.
    pub choose_window: &'static str,
    /// The button that chooses it.
    pub choose: &'static str,
    /// The window that was chosen: `{window}`.
    pub chosen: &'static str,
    /// The window is not on offer any more.
    pub window_gone: &'static str,
    /// Asks for a rating.
    pub rate: &'static str,
    /// A number of stars: `{count}`.
    pub stars: &'static str,
    /// One star.
    pub one_star: &'static str,
    /// Asks for a comment.
    pub comment: &'static str,
    /// The button that sends.
    pub send: &'static str,
    /// The note has arrived.
    pub note_sent: &'static str,
    /// The rating has arrived.
    pub rated: &'static str,
    /// The button that stops emails.
    pub stop_messages: &'static str,
    /// The emails have stopped.
    pub messages_stopped: &'static str,
    /// The text was not accepted.
    pub not_sent: &'static str,
    /// The browser has no connection.
    pub offline: &'static str,
    /// The link is unknown or has ended.
    pub gone: &'static str,
    /// The service does not answer now.
    pub busy: &'static str,
    /// The contact for questions: `{support}`.
    pub questions: &'static str,
    /// For a browser without JavaScript.
    pub needs_script: &'static str,
}

impl Words {
    /// The words for a status.
    pub fn status(&self, status: OrderStatus) -> &'static str {
        match status {
            OrderStatus::Pending => self.pending,
            OrderStatus::Assigned => self.assigned,
            OrderStatus::InProgress => self.in_progress,
            OrderStatus::Delivered => self.delivered,
            OrderStatus::Failed => self.failed,
            OrderStatus::Cancelled => self.cancelled,
            OrderStatus::Undelivered => self.undelivered,
            OrderStatus::Returning => self.returning,
            OrderStatus::Returned => self.returned,
        }
    }

    /// The words that fit a header `Accept-Language` best (RFC 9110 §12.5.4). English if none fits.
    pub fn accepted(accept_language: &str) -> &'static Self {
        let mut wanted: Vec<(f32, &str)> = accept_language
            .split(',')
            .filter_map(|part| {
                let (tag, parameters) = part.split_once(';').unwrap_or((part, "q=1"));
                let quality = parameters.trim().strip_prefix("q=")?.trim();
                let quality: f32 = quality.parse().ok()?;
                (quality > 0.0).then_some((quality, tag.trim()))
            })
            .collect();
        // Of languages with the same quality, the first one is wanted most: the sort keeps their sequence.
        wanted.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let known = |tag: &str| {
            let language = tag.split('-').next().unwrap_or_default();
            ALL.iter()
                .copied()
                .find(|words| words.tag.eq_ignore_ascii_case(language))
        };
        wanted
            .iter()
            .find_map(|(_, tag)| known(tag))
            .unwrap_or(&ENGLISH)
    }
}

/// All languages.
pub static ALL: [&Words; 5] = [&ENGLISH, &SPANISH, &CATALAN, &GERMAN, &FRENCH];

static ENGLISH: Words = Words {
    tag: "en",
    title: "Your delivery",
    pending: "We have your order and are looking for a courier.",
    assigned: "A courier is on the way to pick up your parcel.",
    in_progress: "Your parcel is on its way to you.",
    delivered: "Your parcel was delivered.",
    failed: "Your parcel could not be delivered.",
    cancelled: "This delivery was cancelled.",
    undelivered: "We could not hand over your parcel. Your courier still has it.",
    returning: "Your parcel could not be delivered and goes back to the sender.",
    returned: "Your parcel is back with the sender.",
    expected: "Expected between {from} and {to}",
    expected_later: "Expected: {window}",
    next_stop: "You are the next stop.",
    one_stop_before: "One stop before yours",
    stops_before: "{count} stops before yours",
    courier: "Your courier: {name}",
    pin: "Your PIN for the courier: {pin}",
    photo: "Photo of the delivery",
    distance: "About {distance} away",
    updated: "Updated at {time}",
    leave_note: "A note for the courier",
    choose_window: "When should your courier come again?",
    choose: "Choose this time",
    chosen: "You chose: {window}",
    window_gone: "This time is not available any more. Please choose another one.",
    rate: "How was the delivery?",
    stars: "{count} stars",
    one_star: "1 star",
    comment: "Your comment",
    send: "Send",
    note_sent: "Your courier will see your note.",
    rated: "Thank you for your rating.",
    stop_messages: "No more messages",
    messages_stopped: "You get no more messages about parcels.",
    not_sent: "This could not be sent. Try again in a moment.",
    offline: "You are offline. The page goes on when you are back.",
    gone: "This link is not valid any more.",
    busy: "The page will try again in a moment.",
    questions: "Questions? {support}",
    needs_script: "This page needs JavaScript.",
};

static SPANISH: Words = Words {
    tag: "es",
    title: "Tu envío",
    pending: "Tenemos tu pedido y buscamos un repartidor.",
    assigned: "Un repartidor va a recoger tu paquete.",
    in_progress: "Tu paquete está en camino.",
    delivered: "Tu paquete se ha entregado.",
    failed: "No se ha podido entregar tu paquete.",
    cancelled: "Este envío se ha cancelado.",
    undelivered: "No hemos podido entregarte el paquete. Tu repartidor todavía lo tiene.",
    returning: "No se ha podido entregar tu paquete y vuelve al remitente.",
    returned: "Tu paquete ha vuelto al remitente.",
    expected: "Llegada prevista entre las {from} y las {to}",
    expected_later: "Llegada prevista: {window}",
    next_stop: "Eres la próxima parada.",
    one_stop_before: "Una parada antes de la tuya",
    stops_before: "{count} paradas antes de la tuya",
    courier: "Tu repartidor: {name}",
    pin: "Tu PIN para el repartidor: {pin}",
    photo: "Foto de la entrega",
    distance: "A unos {distance} de ti",
    updated: "Actualizado a las {time}",
    leave_note: "Una nota para el repartidor",
    choose_window: "¿Cuándo debe volver tu repartidor?",
    choose: "Elegir esta hora",
    chosen: "Has elegido: {window}",
    window_gone: "Esta hora ya no está disponible. Elige otra.",
    rate: "¿Qué tal la entrega?",
    stars: "{count} estrellas",
    one_star: "1 estrella",
    comment: "Tu comentario",
    send: "Enviar",
    note_sent: "Tu repartidor verá tu nota.",
    rated: "Gracias por tu valoración.",
    stop_messages: "No más mensajes",
    messages_stopped: "No recibirás más mensajes sobre paquetes.",
    not_sent: "No se ha podido enviar. Inténtalo de nuevo en un momento.",
    offline: "No tienes conexión. La página continuará cuando vuelvas a tenerla.",
    gone: "Este enlace ya no es válido.",
    busy: "La página lo intentará de nuevo en un momento.",
    questions: "¿Preguntas? {support}",
    needs_script: "Esta página necesita JavaScript.",
};

static CATALAN: Words = Words {
    tag: "ca",
    title: "El teu enviament",
    pending: "Tenim la teva comanda i busquem un repartidor.",
    assigned: "Un repartidor va a recollir el teu paquet.",
    in_progress: "El teu paquet està en camí.",
    delivered: "El teu paquet s'ha lliurat.",
    failed: "No s'ha pogut lliurar el teu paquet.",
    cancelled: "Aquest enviament s'ha cancel·lat.",
    undelivered: "No t'hem pogut lliurar el paquet. El teu repartidor encara el té.",
    returning: "No s'ha pogut lliurar el teu paquet i torna al remitent.",
    returned: "El teu paquet ha tornat al remitent.",
    expected: "Arribada prevista entre les {from} i les {to}",
    expected_later: "Arribada prevista: {window}",
    next_stop: "Ets la propera parada.",
    one_stop_before: "Una parada abans de la teva",
    stops_before: "{count} parades abans de la teva",
    courier: "El teu repartidor: {name}",
    pin: "El teu PIN per al repartidor: {pin}",
    photo: "Foto del lliurament",
    distance: "A uns {distance} de tu",
    updated: "Actualitzat a les {time}",
    leave_note: "Una nota per al repartidor",
    choose_window: "Quan ha de tornar el teu repartidor?",
    choose: "Tria aquesta hora",
    chosen: "Has triat: {window}",
    window_gone: "Aquesta hora ja no està disponible. Tria'n una altra.",
    rate: "Com ha anat el lliurament?",
    stars: "{count} estrelles",
    one_star: "1 estrella",
    comment: "El teu comentari",
    send: "Envia",
    note_sent: "El teu repartidor veurà la teva nota.",
    rated: "Gràcies per la teva valoració.",
    stop_messages: "Cap més missatge",
    messages_stopped: "No rebràs més missatges sobre paquets.",
    not_sent: "No s'ha pogut enviar. Torna-ho a provar d'aquí a un moment.",
    offline: "No tens connexió. La pàgina continuarà quan en tornis a tenir.",
    gone: "Aquest enllaç ja no és vàlid.",
    busy: "La pàgina ho tornarà a provar d'aquí a un moment.",
    questions: "Preguntes? {support}",
    needs_script: "Aquesta pàgina necessita JavaScript.",
};

static GERMAN: Words = Words {
    tag: "de",
    title: "Ihre Lieferung",
    pending: "Wir haben Ihre Bestellung und suchen einen Kurier.",
    assigned: "Ein Kurier holt Ihr Paket ab.",
    in_progress: "Ihr Paket ist auf dem Weg zu Ihnen.",
    delivered: "Ihr Paket wurde zugestellt.",
    failed: "Ihr Paket konnte nicht zugestellt werden.",
    cancelled: "Diese Lieferung wurde storniert.",
    undelivered: "Wir konnten Ihr Paket nicht übergeben. Ihr Kurier hat es noch.",
    returning: "Ihr Paket konnte nicht zugestellt werden und geht an den Absender zurück.",
    returned: "Ihr Paket ist wieder beim Absender.",
    expected: "Erwartet zwischen {from} und {to}",
    expected_later: "Erwartet: {window}",
    next_stop: "Sie sind der nächste Halt.",
    one_stop_before: "Ein Halt vor Ihrem",
    stops_before: "{count} Halte vor Ihrem",
    courier: "Ihr Kurier: {name}",
    pin: "Ihre PIN für den Kurier: {pin}",
    photo: "Foto der Zustellung",
    distance: "Etwa {distance} entfernt",
    updated: "Stand: {time}",
    leave_note: "Eine Nachricht an den Kurier",
    choose_window: "Wann soll Ihr Kurier wiederkommen?",
    choose: "Diese Zeit wählen",
    chosen: "Sie haben gewählt: {window}",
    window_gone: "Diese Zeit ist nicht mehr frei. Bitte wählen Sie eine andere.",
    rate: "Wie war die Zustellung?",
    stars: "{count} Sterne",
    one_star: "1 Stern",
    comment: "Ihr Kommentar",
    send: "Senden",
    note_sent: "Ihr Kurier sieht Ihre Nachricht.",
    rated: "Danke für Ihre Bewertung.",
    stop_messages: "Keine Nachrichten mehr",
    messages_stopped: "Sie erhalten keine Nachrichten mehr über Pakete.",
    not_sent: "Das konnte nicht gesendet werden. Versuchen Sie es gleich noch einmal.",
    offline: "Sie sind offline. Die Seite läuft weiter, sobald Sie wieder verbunden sind.",
    gone: "Dieser Link ist nicht mehr gültig.",
    busy: "Die Seite versucht es gleich noch einmal.",
    questions: "Fragen? {support}",
    needs_script: "Diese Seite braucht JavaScript.",
};

static FRENCH: Words = Words {
    tag: "fr",
    title: "Votre livraison",
    pending: "Nous avons votre commande et cherchons un coursier.",
    assigned: "Un coursier va chercher votre colis.",
    in_progress: "Votre colis est en route.",
    delivered: "Votre colis a été livré.",
    failed: "Votre colis n'a pas pu être livré.",
    cancelled: "Cette livraison a été annulée.",
    undelivered: "Nous n'avons pas pu vous remettre votre colis. Votre coursier l'a encore.",
    returning: "Votre colis n'a pas pu être livré et retourne à l'expéditeur.",
    returned: "Votre colis est revenu chez l'expéditeur.",
    expected: "Arrivée prévue entre {from} et {to}",
    expected_later: "Arrivée prévue : {window}",
    next_stop: "Vous êtes le prochain arrêt.",
    one_stop_before: "Un arrêt avant le vôtre",
    stops_before: "{count} arrêts avant le vôtre",
    courier: "Votre coursier : {name}",
    pin: "Votre code PIN pour le coursier : {pin}",
    photo: "Photo de la livraison",
    distance: "À environ {distance} de chez vous",
    updated: "Mis à jour à {time}",
    leave_note: "Un message pour le coursier",
    choose_window: "Quand votre coursier doit-il revenir ?",
    choose: "Choisir ce créneau",
    chosen: "Vous avez choisi : {window}",
    window_gone: "Ce créneau n'est plus disponible. Choisissez-en un autre.",
    rate: "Comment s'est passée la livraison ?",
    stars: "{count} étoiles",
    one_star: "1 étoile",
    comment: "Votre commentaire",
    send: "Envoyer",
    note_sent: "Votre coursier verra votre message.",
    rated: "Merci pour votre avis.",
    stop_messages: "Plus de messages",
    messages_stopped: "Vous ne recevrez plus de messages sur vos colis.",
    not_sent: "L'envoi a échoué. Réessayez dans un instant.",
    offline: "Vous êtes hors ligne. La page reprendra à votre retour.",
    gone: "Ce lien n'est plus valable.",
    busy: "La page va réessayer dans un instant.",
    questions: "Des questions ? {support}",
    needs_script: "Cette page a besoin de JavaScript.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_the_highest_quality_wins() {
        for (header, tag) in [
            ("", "en"),
            ("ca", "ca"),
            ("ja, de-AT;q=0.8, fr;q=0.9", "fr"),
            ("es-MX,es;q=0.9,en;q=0.8", "es"),
            ("DE;q=0.5,en;q=0", "de"),
            ("fr;q=x, de;q=0.1", "de"),
            ("*", "en"),
        ] {
            assert_eq!(Words::accepted(header).tag, tag, "{header}");
        }
    }

    #[test]
    fn every_language_names_the_same_values() {
        for words in ALL {
            for (text, parts) in [
                (words.expected, ["{from}", "{to}"].as_slice()),
                (words.stops_before, &["{count}"]),
                (words.stars, &["{count}"]),
                (words.courier, &["{name}"]),
                (words.expected_later, &["{window}"]),
                (words.chosen, &["{window}"]),
                (words.distance, &["{distance}"]),
                (words.updated, &["{time}"]),
                (words.questions, &["{support}"]),
            ] {
                assert!(parts.iter().all(|part| text.contains(part)), "{text}");
            }
        }
    }
}
