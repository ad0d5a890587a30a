# Las cartas del registro, como en locales/en/mail.ftl.

verify-address = Confirme su dirección de correo
    .lead =
        Alguien, esperamos que usted, se ha registrado en { $host } con la dirección { $address }.
        Confirme que es suya.
    .button = Confirmar la dirección
    .after =
        El enlace funciona una sola vez, durante { $lifetime }.

        Si no ha sido usted, ignore este mensaje: la dirección quedará sin confirmar.

reset-password = Elija una contraseña nueva
    .lead =
        Alguien, esperamos que usted, ha pedido una contraseña nueva para su cuenta en { $host }.
    .button = Elegir una contraseña nueva
    .after =
        El enlace funciona una sola vez, durante { $lifetime }. Una contraseña nueva cierra todas las sesiones de la cuenta.

        Si no ha sido usted, ignore este mensaje: su contraseña sigue siendo la misma.

password-changed = Su contraseña ha cambiado
    .lead =
        La contraseña de su cuenta en { $host } ahora es otra, y las demás sesiones se han cerrado.

        Si ha sido usted, no tiene que hacer nada.
    .button = Abrir el registro
    .after =
        Si no ha sido usted, pida allí una contraseña nueva cuanto antes y revise también la contraseña de su buzón.

confirm-new-address = Confirme su nueva dirección de correo
    .lead =
        Usted quiere usar la dirección { $address } para su cuenta en { $host }.
        Valdrá en cuanto la confirme.
    .button = Confirmar la nueva dirección
    .after =
        El enlace funciona una sola vez, durante { $lifetime }.

        Si no ha sido usted, ignore este mensaje: nada cambia.

address-changed = Su dirección de correo ha cambiado
    .lead =
        Su cuenta en { $host } tiene ahora otra dirección de correo. Ya no llegarán cartas a { $address }.

        Si ha sido usted, no tiene que hacer nada.
    .button = Deshacer el cambio
    .after =
        Si no ha sido usted, deshágalo: el enlace funciona una sola vez, durante { $lifetime }, y devuelve la dirección { $address } a la cuenta.
        Con ello se cierran todas las sesiones, y usted elige una contraseña nueva.

new-device = Un inicio de sesión en un dispositivo nuevo
    .lead =
        Alguien ha iniciado sesión en su cuenta de { $host } en un dispositivo que no se había visto antes.

        Si ha sido usted, no tiene que hacer nada.
    .button = Abrir el registro
    .after =
        Si no ha sido usted, cierre allí esa sesión y elija una contraseña nueva cuanto antes.

refresh-token-reused = Hemos cerrado una sesión por su seguridad
    .lead =
        En { $host }, un programa ha vuelto a usar una clave antigua de una de sus sesiones.
        Eso ocurre cuando alguien ha copiado la clave, así que la sesión se ha cerrado.
    .button = Abrir el registro
    .after =
        Vuelva a iniciar sesión. Si ocurre más de una vez, elija una contraseña nueva y revise el dispositivo que usa.

sign-up-again = Usted ya tiene una cuenta
    .lead =
        Alguien, esperamos que usted, ha querido registrarse en { $host } con la dirección { $address }, que ya tiene una cuenta.
    .button = Iniciar sesión
    .after =
        Si no recuerda su contraseña, pida allí una nueva.

        Si no ha sido usted, ignore este mensaje: nada ha cambiado.

test = El correo funciona
    .lead =
        Esta es una prueba del registro en { $host }. Ha llegado a { $address }, así que el correo funciona.

fact-when = Hora
fact-device = Dispositivo
fact-network = Red
fact-new-address = Dirección nueva

link-as-text = Si el botón no funciona, abra esta dirección:
footer = Esta carta se ha enviado a { $address } desde el registro de usuarios en { $host }. Nadie lee las respuestas.

days =
    { $count ->
        [one] un día
       *[other] { $count } días
    }
hours =
    { $count ->
        [one] una hora
       *[other] { $count } horas
    }
