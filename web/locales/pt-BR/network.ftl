# Redes e suas alterações.
management-network = Rede de gerenciamento
network-up = Ativa
network-no-nic = Nenhuma placa de rede com fio
network-no-link = Sem link
network-no-address = Aguardando endereço
network-failed = Falhou
network-cards = Placas de rede
network-in-use = Uma nova configuração de rede está em uso
network-until = Sem confirmação, ela será desfeita em { $until }.
network-type-code = Digite o código informado quando a alteração foi feita.
network-code = Código
network-keep = Manter a nova configuração
network-confirm = Manter a nova configuração de rede?
network-confirm-detail = A nova configuração está em uso. Se você consegue ler esta página por meio dela, é porque funciona para você.
network-confirmed = A nova configuração de rede foi mantida
network-confirmed-detail = Ela está salva e continua valendo depois de um reinício.
network-no-change = Nenhuma alteração de rede está pendente
network-no-change-detail = A configuração de rede em uso é a que está salva.
network-reverted = A configuração de rede foi desfeita
network-reverted-at = Desde { $at } a configuração anterior está novamente em uso:
network-nothing-waits = Nenhuma alteração de rede aguarda confirmação. Se alguma foi desfeita, faça-a novamente.
network-no-code = Digite o código informado quando a alteração foi feita.
network-wrong-code =
    { $left ->
        [0] A alteração não foi confirmada. Não resta nenhuma tentativa para esta alteração.
        [one] A alteração não foi confirmada. Resta 1 tentativa.
       *[other] A alteração não foi confirmada. Restam { $left } tentativas.
    }
network-too-many = Houve códigos errados demais. A alteração será desfeita automaticamente; depois disso, faça-a novamente.
network-not-kept = Não foi possível manter a alteração. O mesmo código pode ser informado de novo até que a alteração seja desfeita.
