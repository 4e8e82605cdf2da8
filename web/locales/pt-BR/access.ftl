# Entrada, senha, chaves SSH, tokens, registro de ações, energia.
sign-in = Entrar
sign-in-wrong = A senha está errada. Digite-a novamente.
sign-in-wait =
    { $seconds ->
        [one] Vieram senhas erradas demais do seu endereço. Tente de novo em um segundo.
       *[other] Vieram senhas erradas demais do seu endereço. Tente de novo em { $seconds } segundos.
    }
sign-in-busy = Há senhas demais sendo verificadas neste momento. Tente de novo em alguns segundos.
sign-in-not-set-up = Esta máquina ainda não foi configurada.
sign-in-ended = Sua sessão terminou porque ficou meia hora sem uso ou porque já se passaram doze horas. Entre novamente.
sign-in-carried = O que você digitou foi guardado, exceto senhas. Você poderá enviar depois de entrar.
sign-in-forgotten = Ninguém consegue consultar uma senha esquecida. Quem está diante da máquina pode fazê-la voltar ao estado anterior à configuração.
resend-title = Enviar o que você digitou?
resend-detail = Você digitou isto antes de entrar, por isso nada foi feito ainda. Senhas não são guardadas; elas serão pedidas novamente.
resend-send = Enviar agora
resend-drop = Descartar

access-account = Conta
access-password = Senha
access-password-old = Senha atual
access-password-new = Nova senha
access-password-again = A mesma senha novamente
access-password-change = Alterar a senha
access-password-changed = A senha foi alterada. As sessões de todos os outros navegadores foram encerradas.
access-password-detail = Ela serve para estas páginas e para criar tokens. Ao alterá-la, as sessões de todos os outros navegadores são encerradas.
password-hint = No mínimo 10 caracteres. O melhor são algumas palavras que só você juntaria.
password-short = A senha é curta demais: são necessários no mínimo 10 caracteres.
password-long = A senha é longa demais: são aceitos no máximo 1024 bytes.
password-name = A senha é o nome da conta ou da máquina. Escolha uma que ninguém adivinhe.
password-worst = Esta senha é uma das primeiras que qualquer um tenta. Escolha outra.
password-differs = As duas senhas são diferentes. Digite a mesma senha duas vezes.

access-keys = Chaves SSH
access-keys-detail = Quem tem a parte privada de uma destas chaves pode entrar por SSH. Sem nenhuma chave, o SSH fica desligado.
access-no-keys = Não há nenhuma chave, por isso o SSH está desligado.
access-key = Nova chave pública
access-key-hint = Uma linha, como no arquivo cujo nome termina em .pub, por exemplo ~/.ssh/id_ed25519.pub.
access-key-add = Adicionar a chave
access-key-added = A chave foi adicionada.
access-key-remove = Remover { $name }
access-key-removed = A chave foi removida.
access-key-wrong = Esta não é uma chave pública que possa ser usada. Copie a linha inteira do arquivo cujo nome termina em .pub; chaves RSA precisam ter de 2048 a 8192 bits, e opções no início não são aceitas.
access-key-private = Esta é a parte privada de uma chave. Ela nunca deve sair do seu computador: crie um novo par e informe o arquivo cujo nome termina em .pub.
access-key-twice = Esta chave já está na lista.
access-key-many = Já existem 32 chaves. Remova uma que não seja necessária.

tokens-detail = Com um token, um programa usa a API em seu lugar. Envie-o como “Authorization: Bearer TOKEN”.
tokens-list = Tokens em uso
tokens-none = Não há nenhum.
token-created = Criado
token-expires = Expira
token-used = Último uso
token-never = Nunca
token-action = Ação
token-revoke = Revogar { $name }
token-revoked = O token foi revogado. Os programas que o usavam passam a ser recusados.
token-new = Novo token
token-name = Para que serve
token-name-hint = Por exemplo, “script de backup no lab-2”.
token-name-wrong = Dê a ele um nome de 1 a 64 caracteres.
token-name-twice = Já existe um token com este nome. Revogue-o ou escolha outro nome.
token-days = Expira depois de quantos dias
token-days-hint = De 1 a 3650.
token-days-wrong = Digite um número de dias de 1 a 3650.
token-create = Criar token
token-made = Seu novo token
token-made-detail = Copie-o agora: ele não será mostrado novamente.
token-many = Já existem 64 tokens. Revogue um que não seja necessário.
token-no-such = Não existe token com este nome. Ele já foi revogado.
token-not-stored = Não foi possível salvar o token:

audit-detail = O que foi feito nesta máquina por estas páginas e pela API, do mais recente ao mais antigo.
audit-when = Quando
audit-who = Quem
audit-from = De onde
audit-what = O quê
audit-result = Resultado
audit-done = Feito
audit-refused = Não feito
audit-none = Nada foi feito ainda.
audit-sign-in = Entrada
audit-sign-out = Saída
audit-setup = Configuração inicial da máquina
audit-password = Alteração da senha
audit-add-key = Inclusão de chave SSH
audit-remove-key = Remoção de chave SSH
audit-create-token = Criação de token
audit-revoke-token = Revogação de token
audit-change-configuration = Alteração da configuração
audit-new-certificate = Criação de um novo certificado
audit-upload-certificate = Envio de um certificado
audit-start-unit = Início de um serviço
audit-stop-unit = Parada de um serviço
audit-restart-unit = Reinício de um serviço
audit-confirm-network = Confirmação da nova configuração de rede
audit-restart = Reinício da máquina
audit-power-off = Desligamento da máquina
audit-install = Instalação em disco
audit-factory-reset = Restauração da máquina ao estado inicial
audit-support-bundle = Criação de um pacote de suporte

power-detail = { $name } para imediatamente; tudo o que está em execução nela é interrompido.
power-restart = Reiniciar
power-off = Desligar
power-restarting = A máquina está reiniciando. Estas páginas voltam em alguns minutos.
power-going-off = A máquina está sendo desligada. Para ligá-la novamente é preciso ir até ela.

reset-title = Restaurar ao estado inicial
reset-lost = A máquina reinicia sem o seu estado. Você perde: configurações e redes, senha, chaves SSH, tokens, o certificado e a autoridade que o assina, os logs e as definições das máquinas virtuais. Nada disso poderá ser recuperado.
reset-stays = O que permanece: o próprio sistema e todos os volumes, com o conteúdo deles. Depois, a máquina pede a configuração inicial, com o código que o console dela mostra.
reset-name = Nome desta máquina
reset-name-hint = Digite-o, para que nenhuma outra máquina seja restaurada por engano.
reset-name-wrong = Este não é o nome desta máquina. Ele aparece no topo da visão geral.
reset-do = Restaurar { $name }
reset-begun = A máquina está reiniciando e esquece as configurações. Em alguns minutos, o console mostra o endereço e o código de configuração.
