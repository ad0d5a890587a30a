### Los textos de todas las páginas, en español.

site-name = Registro de usuarios
title-with-mistakes = Error: { $title }
skip = Ir al contenido
optional = (opcional)
back = Volver a su cuenta
cancel = Cancelar
log-out = Cerrar sesión
summary-title = Hay un problema
mistake-prefix = Error:

## Login

login-title = Iniciar sesión
login-to-go-on = Inicie sesión para continuar.
login-button = Iniciar sesión
login-no-account = ¿Aún no tiene cuenta?
login-sign-up = Regístrese
login-forgot = ¿Olvidó su contraseña?
email = Correo electrónico
password = Contraseña

## Sign-up

sign-up-title = Regístrese ahora
sign-up-button = Registrarse
sign-up-has-account = ¿Ya tiene cuenta?
sign-up-log-in = Iniciar sesión
password-hint = Al menos { $count } caracteres. Unas cuantas palabras seguidas forman una buena.
password-again = Escriba la contraseña de nuevo.
strength-short = Seguridad: demasiado corta, al menos { $count } caracteres
strength-0 = Seguridad: muy débil, se adivina enseguida
strength-1 = Seguridad: débil
strength-2 = Seguridad: aceptable
strength-3 = Seguridad: buena
strength-4 = Seguridad: fuerte
phone-number = Número de teléfono
# It stays in one line.
-example-phone-number = +1{"\u00A0"}415{"\u00A0"}555{"\u00A0"}2671
phone-number-hint = Con el prefijo del país, como { -example-phone-number }.
discoverable-label = Permitir que otros encuentren mis parcelas
discoverable-hint = Otros usuarios del registro podrán consultar las parcelas que usted añada. Puede cambiarlo en cualquier momento.
signed-up-title = Le damos la bienvenida
signed-up-text = El registro se ha completado. Su cuenta está lista:
signed-up-mail = Le hemos enviado un correo con un enlace que verifica su dirección.
signed-up-log-in = Iniciar sesión

## Mails

send-mail = Enviar el correo
send-mail-again = Enviar el correo de nuevo
ask-for-new-link = Pedir un enlace nuevo
back-to-login = Volver al inicio de sesión
go-on = Continuar
forgot-title = ¿Olvidó su contraseña?
forgot-text = Indíquenos su dirección de correo y le enviaremos un enlace para elegir una nueva.
mail-again-title = Verifique su dirección
mail-again-text = Indíquenos su dirección de correo y le enviaremos un enlace nuevo que la verifica.
mail-sent-title = Revise su correo
mail-sent-text = Si hay algo que enviar a esta dirección, el correo ya está en camino.
mail-sent-hint = Puede tardar unos minutos. Mire también en el correo no deseado y compruebe que escribió la dirección sin errores.
verify-title = Verifique su dirección
verify-text = Confirme que esta dirección de correo es suya:
verify-button = Verificar la dirección
address-verified-title = Dirección verificada
confirm-new-title = Confirme su dirección nueva
confirm-new-text = Esta será la dirección de correo de su cuenta:
confirm-new-hint = Con ello se cierran todas sus sesiones. A partir de entonces, inicie sesión con la dirección nueva.
confirm-new-button = Confirmar la dirección nueva
address-changed-title = Dirección cambiada
not-confirmed-title = La dirección no se ha confirmado
not-confirmed-text = No ha cambiado nada. Elija otra dirección en su cuenta.
undo-title = Deshaga el cambio de dirección
undo-text = Esta volverá a ser la dirección de correo de la cuenta:
undo-warning = Se cierran todas las sesiones y se elimina el token de acceso. La contraseña con la que se hizo el cambio deja de funcionar, y un correo le permite elegir una nueva.
undo-button = Deshacer el cambio
undo-not-valid = Ya se ha usado, tiene más de 7 días o está incompleto. No ha cambiado nada.
undone-title = El cambio se ha deshecho
undone-next = Revise su correo: tiene un enlace para elegir una contraseña nueva, que funciona durante una hora.
link-not-valid-title = Este enlace no es válido
verify-not-valid = Ya se ha usado, es demasiado antiguo o está incompleto. Si su dirección aún no está verificada, pida un enlace nuevo.
reset-not-valid = Ya se ha usado, es demasiado antiguo o está incompleto. Pida un enlace nuevo y use el correo más reciente.
reset-title = Elija una contraseña nueva
reset-text = Con ello se cierran todas sus sesiones y se elimina su token de acceso.
reset-button = Guardar la contraseña
new-password = Contraseña nueva
current-password = Contraseña actual

## Account

account-title = Su cuenta
email-verified = Verificada
email-not-verified = No verificada
verification-hint = Abra el enlace del correo que le hemos enviado.
security-heading = Seguridad
security-password = Cambiar la contraseña
security-sessions = Sesiones
change-password-title = Cambie su contraseña
change-password-text = Con ello se cierran todas sus demás sesiones.
change-password-token = También se elimina su token de acceso. Los programas que lo usan necesitarán uno nuevo.
change-password-button = Cambiar la contraseña
email-change = Cambiar la dirección
change-address-title = Cambie su dirección de correo
change-address-text = Enviamos un enlace a la dirección nueva. No cambia nada hasta que lo abra allí; entonces se cierran todas sus sesiones.
present-email = Correo electrónico actual
new-email = Correo electrónico nuevo
change-address-button = Enviar el enlace
change-address-sent-title = Revise el correo de la dirección nueva
change-address-sent-text = El enlace funciona una vez, en el plazo de un día. Hasta entonces todo sigue como está.
change-address-again = Usar otra dirección
phone-number-save = Guardar el número
phone-number-remove = Eliminar el número
discoverable-heading = Visibilidad
discoverable-save = Guardar la elección
language-heading = Idioma
# The name of this language in itself.
language-name = Español
language-hint = En él están estas páginas y los correos que le enviamos. Si decide su navegador, los correos van en inglés.
language-as-asked = El que pida mi navegador
language-save = Guardar el idioma

## Sessions

sessions-title = Sus sesiones
sessions-heading = Dónde tiene la sesión iniciada
sessions-hint = El último uso se anota una vez por hora.
sessions-none = No tiene la sesión iniciada en ningún otro lugar.
session-in-browser = Navegador
session-of-program = Programa
session-this = Esta
session-device = Dispositivo:
session-network = Red:
session-began = Inicio:
session-last-used = Última vez:
session-end = Cerrar
end-sessions-link = Cerrar sesión en todas partes
back-to-sessions = Volver a sus sesiones
end-sessions-title = ¿Cerrar sesión en todas partes?
end-sessions-text = Todas sus sesiones se cierran de inmediato, incluida esta. Los programas en los que inició sesión volverán a necesitar su contraseña.
end-sessions-button = Cerrar sesión en todas partes

## Activity

security-activity = Actividad reciente
activity-title = Actividad reciente
activity-heading = Lo que ha ocurrido en su cuenta
activity-hint = Primero lo más reciente. Los programas que mantienen la sesión no figuran aquí, sino entre sus sesiones.
activity-none = No hay nada registrado.
activity-operator = Por el operador
activity-first = Lo más reciente
activity-next = Anterior
activity-not-you = Si algo de esto no le suena, cambie su contraseña y revise sus sesiones.
event-user-signed-up = Se creó la cuenta
event-user-signed-up-again = Alguien intentó registrarse con su dirección
event-user-created = Se creó la cuenta
event-user-disabled = Se desactivó la cuenta
event-user-enabled = Se volvió a activar la cuenta
event-user-verification-sent = Se envió de nuevo el correo que verifica su dirección
event-user-address-verified = Se verificó su dirección
event-user-address-change-sent = Se pidió otra dirección de correo
event-user-address-changed = Se cambió la dirección de correo
event-user-address-change-undone = Se deshizo un cambio de la dirección de correo
event-user-password-reset-sent = Se pidió una contraseña nueva
event-mail-not-sent = Se pidió un correo que no hacía falta
event-user-password-reset = Se eligió una contraseña nueva por correo
event-user-password-changed = Se cambió la contraseña
event-user-phone-number-changed = Se cambió el número de teléfono
event-user-discoverability-changed = Se cambió si otros encuentran sus parcelas
event-user-language-changed = Se cambió el idioma
event-user-preferences-changed = Se cambiaron el idioma y si otros encuentran sus parcelas
event-user-token-issued = Se emitió un token de acceso
event-user-token-removed = Se eliminó el token de acceso
event-session-started = Inicio de sesión
event-login-refused = Se rechazó un inicio de sesión
event-session-refreshed = Un programa mantuvo la sesión
event-session-ended = Se cerró una sesión
event-session-all-ended = Se cerraron varias sesiones a la vez
event-session-refresh-token-reused = Se cerró una sesión porque se volvió a usar un token antiguo
event-domains-put = Se permitieron o bloquearon dominios de correo
event-domains-removed = Se quitó un dominio de correo de la tabla
event-authority-token-issued = Se emitió un token de autoridad para un dominio
event-authority-token-rotated = Se sustituyó el token de autoridad de un dominio
event-authority-token-revoked = Se revocó el token de autoridad de un dominio
event-field-added = Se añadió una parcela
event-field-replaced = Se cambió una parcela
event-field-removed = Se eliminó una parcela
event-keys-forgotten = Se olvidaron claves retiradas del registro
event-keys-revoked = Se revocó una clave del registro
event-keys-rewrapped = Las claves del registro recibieron otro secreto
event-keys-rotated = Se renovaron las claves del registro
event-throttle-refused = Se intentó algo demasiadas veces y se rechazó
event-keys-made = Se crearon claves del registro
event-foreign = Algo para lo que esta página aún no tiene palabras

## Fields

fields-heading = Parcelas
fields-add = Añadir una parcela
fields-none = Todavía no ha añadido ninguna parcela.
fields-next = Más parcelas
fields-first = Primeras parcelas
field-unnamed = Parcela sin nombre
field-remove = Eliminar
field-positions =
    { $count ->
        [one] Límite de una posición
       *[other] Límite de { $count } posiciones
    }
field-name = Nombre
geo-id = GeoID
geo-id-hint = Los 64 dígitos hexadecimales que identifican el límite de la parcela.
boundary = Límite
boundary-hint = GeoJSON: un Polygon o MultiPolygon, la longitud antes que la latitud, cada anillo cerrado.
new-field-title = Añadir una parcela
new-field-button = Añadir la parcela
remove-field-title = ¿Eliminar esta parcela?
remove-field-text = Se elimina de su cuenta de inmediato. No se puede deshacer.
remove-field-button = Eliminar la parcela

## Access token

token-heading = Token de acceso
token-title = Su nuevo token de acceso
token-text = Con este token, los programas pueden leer y actualizar sus propios datos sin su contraseña. Trátelo como una contraseña.
token-once = Cópielo ahora y guárdelo en un lugar seguro. Solo se muestra esta vez.
token-held = Tiene un token de acceso. No se puede volver a mostrar.
token-last-used = Último uso:
token-unused = Aún no se ha usado.
token-expires = Termina:
token-none = No tiene ningún token de acceso.
token-issue = Emitir un token
token-replace = Reemplazar el token
token-remove = Eliminar el token
token-done = Ya lo he copiado
new-token-title = ¿Emitir un nuevo token de acceso?
new-token-replaces = Su token actual deja de funcionar de inmediato. Los programas que lo usan necesitarán el nuevo.
new-token-lifetime = Cuánto dura
new-token-no-end = Hasta que usted lo sustituya o elimine
new-token-days =
    { $count ->
        [one] un día
       *[other] { $count } días
    }
new-token-button = Emitir el token
remove-token-title = ¿Eliminar su token de acceso?
remove-token-text = Los programas que lo usan pierden el acceso de inmediato. Puede emitir uno nuevo en cualquier momento.
remove-token-button = Eliminar el token

## What is done

notice-phone-number-saved = Su número de teléfono se ha guardado.
notice-phone-number-removed = Su número de teléfono se ha eliminado.
notice-discoverable = Ahora otros pueden encontrar sus parcelas.
notice-not-discoverable = Nadie más puede encontrar sus parcelas.
notice-language-saved = Su idioma se ha guardado.
notice-field-added = La parcela se ha añadido.
notice-field-removed = La parcela se ha eliminado.
notice-token-removed = Su token de acceso se ha eliminado.
notice-logged-out = Ha cerrado la sesión.
notice-logged-out-everywhere = Ha cerrado la sesión en todas partes.
notice-session-ended = La sesión se ha cerrado.
notice-verification-sent = El correo está en camino. Puede tardar unos minutos.
notice-address-verified = Su dirección de correo está verificada.
notice-address-changed = Su dirección de correo ha cambiado. Inicie sesión con ella.
notice-address-change-undone = La dirección de correo anterior vuelve a ser la de la cuenta.
notice-password-changed = Su contraseña se ha cambiado y sus demás sesiones se han cerrado.
notice-password-reset = Su contraseña se ha guardado. Inicie sesión con ella.

## What is wrong with a form

error-unknown-user = El usuario no existe
error-wrong-password = Contraseña incorrecta
error-refused = El correo o la contraseña no son correctos, o la cuenta no se puede usar. Si acaba de registrarse, mire antes su correo.
error-unverified = Verifique antes su dirección de correo: mire su correo.
error-disabled = Esta cuenta está desactivada.
error-not-allowed = No tiene permiso para registrarse.
error-same-address = Esta ya es su dirección de correo.
error-address-taken = Otra cuenta tiene esta dirección de correo.
error-domain-not-allowed = No se permiten direcciones de correo de este dominio.
error-already-exists = El usuario ya existe. Inicie sesión
error-email-not-an-address = Introduzca una dirección de correo, como nombre@example.org.
error-email-too-long = Una dirección de correo tiene como máximo 254 octetos, 64 de ellos antes de la @.
error-email-control-character = Una dirección de correo no tiene caracteres de control ni invisibles.
error-email-quoted-address = No se acepta una dirección de correo con una parte entre comillas.
error-password-required = Introduzca su contraseña.
error-current-password-required = Introduzca su contraseña actual.
error-current-password-too-long = Contraseña incorrecta
error-password-too-short = Una contraseña tiene al menos { $minimum } caracteres.
error-password-too-long = Una contraseña tiene como máximo 128 caracteres.
error-password-control-character = Una contraseña no tiene caracteres de control.
error-password-unsuitable-character = Esta contraseña tiene un carácter que no se puede usar, por ejemplo uno invisible.
error-password-common-password = Esta contraseña es una de las más comunes: cualquiera la probaría primero.
error-password-like-address = Una contraseña no es la dirección de correo ni una parte de ella.
error-phone-number-not-a-phone-number = Introduzca un signo más, el prefijo del país y el número, como { -example-phone-number }.
error-phone-number-no-such-phone-number = Ese número de teléfono no existe.
error-locale-too-long = Una etiqueta de idioma tiene como máximo 35 caracteres.
error-locale-not-a-language-tag = Elija un idioma de la lista.
error-name-blank = Dé un nombre a la parcela o deje el campo vacío.
error-name-too-long = Un nombre tiene como máximo 100 caracteres.
error-name-control-character = Un nombre no tiene caracteres de control.
error-geo-id-not-a-geo-id = Un GeoID son 64 dígitos hexadecimales, de 0 a 9 y de a a f en minúsculas.
error-geo-id-same-geo-id = Otra de sus parcelas tiene este GeoID.
error-geo-id-too-many-fields = Ya tiene 1000 parcelas, el máximo por usuario.
error-boundary-missing = Pegue el límite como GeoJSON.
error-boundary-not-json = Esto no es JSON. Pegue el texto completo, de la primera llave a la última.
error-boundary-not-a-polygon = Esto no es un Polygon ni un MultiPolygon de GeoJSON.
error-boundary-stray-member = Este GeoJSON tiene un miembro que aquí no se conoce o que aparece más de una vez. Pegue un polígono con sus coordenadas y nada más.
error-boundary-empty-boundary = Un límite tiene al menos un polígono, y cada polígono un anillo.
error-boundary-too-many-positions = Un límite tiene como máximo 10000 posiciones.
error-boundary-short-ring = Cada anillo tiene al menos cuatro posiciones.
error-boundary-open-ring = Cada anillo termina en la posición en la que empieza.
error-boundary-position-out-of-range = Cada posición es una longitud de -180 a 180 y una latitud de -90 a 90.
error-boundary-crossing-rings = Los anillos de un límite no se cruzan ni se solapan, y sus huecos están dentro.

## When there is no page

request-id = Solicitud
to-start = Ir al inicio
not-found-title = Página no encontrada
not-found-text = No hay nada en esta dirección. Puede que se haya eliminado o que el enlace esté incompleto.
method-not-allowed-title = Aquí no es posible
method-not-allowed-text = Esta dirección no se puede usar de este modo.
head-too-large-title = Esta dirección es demasiado larga
head-too-large-text = La dirección y lo que su navegador envía con ella ocupan como máximo 16 KiB. Si la dirección parece correcta, elimine las cookies de este sitio e inténtelo de nuevo.
too-large-title = Esto es demasiado
too-large-text = Un formulario ocupa como máximo 64 KiB. Para límites más grandes, use la API.
late-form-title = Ha tardado demasiado
late-form-text = El formulario no llegó en 30 segundos. Vuelva atrás y envíelo otra vez.
bad-form-title = El formulario no se puede leer
bad-form-text = Vuelva atrás, cargue la página de nuevo y envíe el formulario otra vez.
foreign-form-title = El formulario vino de otro lugar
foreign-form-text = Por su seguridad, solo se aceptan formularios de las páginas de este sitio.
expired-form-title = Este formulario ha caducado
expired-form-text = Vuelva atrás, cargue la página de nuevo y envíe el formulario otra vez. El sitio necesita cookies para ello.
log-in-first-title = Inicie sesión
log-in-first-text = Primero tiene que iniciar sesión.
denied-title = No puede hacer esto
denied-text = Su cuenta no lo permite.
too-many-title = Demasiados intentos
too-many-text = Se ha intentado demasiadas veces, así que hay que esperar un poco.
wait-seconds =
    { $count ->
        [one] Puede volver a intentarlo en un segundo.
       *[other] Puede volver a intentarlo en { $count } segundos.
    }
wait-minutes = Puede volver a intentarlo en { $count } minutos.
too-many-by-mail = No tiene que esperar si puede leer su correo: con una contraseña nueva entra enseguida.
overloaded-title = Un momento, por favor
overloaded-text = Hay demasiada gente aquí a la vez. Inténtelo de nuevo en unos segundos.
unavailable-title = Un momento, por favor
unavailable-text = En este momento no se puede acceder al registro. Inténtelo de nuevo en unos segundos.
failed-title = Algo ha fallado
failed-text = No es culpa suya, y ha quedado anotado. Si vuelve a ocurrir, indique al operador el número de abajo.
