# O que aparece em todas as páginas, e erros.
version = Versão { $version }
skip-to-content = Ir para o conteúdo
sign-out = Sair
nav-label = Páginas
nav-overview = Visão geral
nav-services = Serviços
nav-logs = Logs
nav-access = Acesso
nav-tokens = Tokens
nav-certificates = Certificado
nav-audit = Auditoria
nav-power = Energia
yes = Sim
no = Não
unknown = desconhecido
name = Nome
try-again = Tentar de novo
go-to-overview = Ir para a visão geral desta máquina.
form-troubles =
    { $count ->
        [one] Um campo precisa ser corrigido:
       *[other] { $count } campos precisam ser corrigidos:
    }

error-code = Erro { $code }
no-such-page-title = Esta página não existe
no-such-page-detail = Não há nada neste endereço.
not-allowed-title = Isso não pode ser feito aqui
not-allowed-detail = Este endereço não aceita o que foi enviado. Vá para a visão geral e siga os links a partir dela.
forbidden-title = A ação não foi executada
forbidden-detail = O pedido não veio de uma página desta máquina que você tem aberta agora. Volte, recarregue a página e repita a ação nela.
too-long-title = O envio é grande demais
too-long-detail = Foi enviado mais do que qualquer formulário daqui aceita. Volte e reduza o texto.
misdirected-title = Esta máquina não atende por este nome
misdirected-detail = Use o endereço IP dela, o nome dela ou o nome seguido de .local. O console da máquina mostra esses dados.
bad-request-title = Não foi possível entender o pedido
bad-request-detail = O pedido não pôde ser atendido da forma como foi enviado. Volte, recarregue a página e repita a ação nela.
our-fault-title = Algo deu errado aqui
our-fault-detail = Algo deu errado nesta máquina enquanto a página era montada. O log dela traz mais detalhes.

away-title = Não é possível mostrar esta máquina agora
unavailable-no-bus = Não foi possível acessar o barramento de mensagens do sistema:
unavailable-not-running = O controlador do nó (pocketstackd) não está em execução.
unavailable-timed-out = O controlador do nó (pocketstackd) não respondeu em { $seconds } segundos.
unavailable-refused = O barramento de mensagens não permite que o servidor web fale com o controlador do nó:
unavailable-failed = O controlador do nó (pocketstackd) informou um erro:
unavailable-unreadable = Não foi possível entender a resposta do controlador do nó (pocketstackd):
advice-wait = Ele é reiniciado automaticamente, em geral em menos de um minuto. Se esta página continuar aparecendo, veja o console da máquina e reinicie a máquina se o console não mostrar progresso.
advice-console = O console da máquina mostra mais detalhes. Se esta página continuar aparecendo por mais de um minuto, reinicie a máquina.
advice-parts = As partes desta instalação não combinam entre si. Reinicie a máquina; se esta página continuar aparecendo, grave a imagem novamente na mídia de boot.

not-done-wrong-code = O código está errado.
not-done-too-many-tries = Houve códigos errados demais; aguarde e tente de novo.
not-done-nothing-waits = Não há mais nada a fazer aqui:
not-done-unconfirmed = Outra alteração de rede aguarda confirmação ou será desfeita. Tente de novo depois disso.
not-done-not-stored = Não foi possível salvar:
not-done-refused = A ação não foi executada:

duration-seconds = { $seconds } s
duration-minutes = { $minutes } min
duration-hours = { $hours } h { $minutes } min
duration-days =
    { $days ->
        [one] 1 dia { $hours } h { $minutes } min
       *[other] { $days } dias { $hours } h { $minutes } min
    }
