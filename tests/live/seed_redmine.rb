# Fills an empty Redmine with a support project and a software catalogue, as a
# French syndicate would run them. Run by `rails runner`; prints the API keys as JSON.
require "json"

Setting.rest_api_enabled = 1
Setting.login_required = 0
Setting.notified_events = []

def account(login, first, last, admin: false)
  user = User.new(firstname: first, lastname: last, mail: "#{login}@example.org", language: "fr")
  user.login = login
  user.admin = admin
  user.password = user.password_confirmation = "a-long-#{login}-password"
  user.must_change_passwd = false
  user.save!
  user
end

admin = account("chef", "Chef", "Informatique", admin: true)
reader = account("lecture", "Tableau", "De bord")
stranger = account("ailleurs", "Sans", "Projet")
restricted = account("restreint", "Ses", "Demandes")
agents = [account("agent1", "Agent", "Un"), account("agent2", "Agent", "Deux")]

reading = Role.new(name: "Lecture seule", issues_visibility: "all", users_visibility: "all")
reading.permissions = [:view_issues]
reading.save!
handling = Role.new(name: "Agent", issues_visibility: "all", assignable: true)
handling.permissions = [:view_issues, :add_issues, :edit_issues, :add_issue_notes, :view_members]
handling.save!

tracker = Tracker.first
states = %w[Nouveau Résolu Fermé]
def status(name, closed)
  IssueStatus.find_by(name: name) || IssueStatus.create!(name: name, is_closed: closed)
end
waiting = status("En attente fournisseur", false)
status("En attente mairie", false)
status("Résolu", false)
# Open to Redmine, whatever their names sound like.
["À valider", "En cours de résolution", "Non résolu"].each { |name| status(name, false) }
stages = {
  "Demandé" => false, "Analysé" => false, "Groupe de travail" => false,
  "Commandé" => false, "Installation" => false, "Terminé" => true, "Refusé" => true
}.map { |name, closed| status(name, closed) }

# Agents may go from any status to any, but not to those that wait for somebody.
free = IssueStatus.all.reject { |one| one.name.start_with?("En attente", "Commentaire") }
Tracker.all.each do |tracker|
  [nil, *IssueStatus.all].each do |from|
    (free - [from]).each do |to|
      WorkflowTransition.create!(tracker_id: tracker.id, role_id: handling.id,
                                 old_status_id: from&.id || 0, new_status_id: to.id)
    end
  end
end

site = IssueCustomField.create!(name: "Code INSEE", field_format: "string", is_for_all: true,
                                is_filter: true, trackers: Tracker.all.to_a)
software = IssueCustomField.create!(name: "Logiciel", field_format: "string", is_for_all: true,
                                    trackers: Tracker.all.to_a)

# A list whose values have numbers, people, and a list of plain texts.
commune = IssueCustomField.create!(name: "Commune (clé)", field_format: "enumeration",
                                   is_for_all: true, trackers: Tracker.all.to_a)
communes = ["La Rochelle", "Saintes, centre", "Saint-Étienne-de-l'Olm"].map do |name|
  commune.enumerations.create!(name: name)
end
person = IssueCustomField.create!(name: "Bénéficiaire", field_format: "user", multiple: true,
                                  is_for_all: true, trackers: Tracker.all.to_a)
channel = IssueCustomField.create!(name: "Canal", field_format: "list", multiple: true,
                                   possible_values: ["Téléphone", "Courriel & fax"],
                                   is_for_all: true, trackers: Tracker.all.to_a)

projects = %w[assistance catalogue autre].map do |identifier|
  project = Project.create!(name: identifier.capitalize, identifier: identifier, is_public: false,
                            enabled_module_names: ["issue_tracking"], trackers: Tracker.all.to_a)
  Member.create!(project: project, user: reader, roles: [reading])
  agents.each { |agent| Member.create!(project: project, user: agent, roles: [handling]) }
  project
end
support, catalogue, other = projects
child = Project.create!(name: "Astreinte", identifier: "astreinte", is_public: false,
                        enabled_module_names: ["issue_tracking"], trackers: Tracker.all.to_a)
child.set_parent!(support)
Member.create!(project: child, user: reader, roles: [reading])
old = Project.create!(name: "Ancien projet", identifier: "ancien", is_public: false,
                      enabled_module_names: ["issue_tracking"], trackers: Tracker.all.to_a)
old.set_parent!(child)
Member.create!(project: old, user: reader, roles: [reading])
# A role that shows only what the account has written or what is assigned to it.
own = Role.new(name: "Ses demandes", issues_visibility: "own", users_visibility: "all")
own.permissions = [:view_issues]
own.save!
Member.create!(project: support, user: restricted, roles: [own])

normal = IssueStatus.where(name: ["Nouveau", "En cours", "Résolu", "Fermé"]).to_a
priorities = IssuePriority.all.to_a
random = Random.new(17)
count = (ENV["ISSUES"] || "300").to_i

Issue.transaction do
  count.times do |number|
    project = number % 10 == 9 ? catalogue : (number % 30 == 8 ? other : support)
    issue = Issue.new(project: project, tracker: Tracker.all[number % Tracker.count],
                      author: agents[number % 2],
                      subject: "Imprimante n°#{number} muette à la mairie [@click=x]",
                      priority: priorities[number % priorities.size])
    issue.status = project == catalogue ? stages[number / 10 % stages.size]
                                        : (number % 7 == 0 ? waiting : normal[number % normal.size])
    issue.assigned_to = agents[number % 2] if number % 3 == 0
    issue.due_date = Date.today + (number % 20) - 10 if number % 4 == 0
    issue.custom_field_values = { site.id.to_s => (17000 + number % 462).to_s,
                                  software.id.to_s => "Berger-Levrault" }
    issue.save!(validate: false)
    age = random.rand(40 * 86400)
    closed = issue.status.is_closed? ? Time.now - age : nil
    issue.update_columns(created_on: Time.now - age - 86400, updated_on: Time.now - age,
                         closed_on: closed)
  end
end

old_issue = Issue.new(project: old, tracker: tracker, author: agents[0], subject: "Dans un projet fermé",
                      priority: priorities[0], status: IssueStatus.find_by(name: "En cours"))
old_issue.save!(validate: false)
support.issues.where(id: 1..60).order(:id).each_with_index do |issue, number|
  issue.reload.custom_field_values = {
    commune.id.to_s => communes[number % 3].id.to_s,
    person.id.to_s => agents.first(number % 3).map { |each| each.id.to_s },
    channel.id.to_s => ["Courriel & fax"]
  }
  issue.save_custom_field_values
end
old.reload.close

keys = { "chef" => admin, "lecture" => reader, "ailleurs" => stranger, "agent1" => agents[0],
         "restreint" => restricted }
puts JSON.generate(keys.transform_values(&:api_key))
